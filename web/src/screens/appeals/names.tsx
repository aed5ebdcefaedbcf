import type { Schema } from "../../api/client"
import { useGet } from "../../api/query"

/** useChannels are all channels, those that are off too. */
export function useChannels() {
  return useGet("/api/v1/channels", {}, { staleTime: 60_000 }).data?.items ?? []
}

/** forwards tells that appeals can be handed to the system behind the channel. */
export function forwards(channel: Schema<"Channel">): boolean {
  return channel.enabled && (!channel.carries || channel.carries.purposes.includes("forward"))
}

/** ChannelName is the title of a channel. */
export function ChannelName(props: { id?: string }) {
  const channels = useChannels()
  return props.id ? <>{channels.find((c) => c.id === props.id)?.title ?? props.id}</> : null
}
