import { Steps } from "antd"
import { useState } from "react"
import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { ChannelStep } from "./ChannelStep"
import { DoneStep } from "./DoneStep"
import { OrganizationStep } from "./OrganizationStep"
import { words } from "./texts"
import { UserStep } from "./UserStep"
import "./welcome.css"

const order = ["organization", "user", "channel", "done"] as const

/** Welcome leads from an empty hub to the first letter: organisation, colleague, channel. */
export default function Welcome() {
  const t = useTexts(words)
  const [at, setAt] = useState(0)
  const [organization, setOrganization] = useState<string>()
  const [channel, setChannel] = useState("")
  const next = () => setAt(at + 1)
  return (
    <Page title={t.title}>
      <div className="u-welcome">
        <Steps current={at} size="small" items={order.map((s) => ({ title: t.steps[s] }))} />
        <section className="u-panel" aria-label={t.steps[order[at]!]}>
          {order[at] === "organization" && <OrganizationStep next={(id) => { setOrganization(id); next() }} />}
          {order[at] === "user" && <UserStep next={next} />}
          {order[at] === "channel" && <ChannelStep organization={organization} next={(id) => { setChannel(id); next() }} />}
          {order[at] === "done" && <DoneStep channel={channel} />}
        </section>
      </div>
    </Page>
  )
}
