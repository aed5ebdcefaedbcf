import { useMutation } from "@tanstack/react-query"
import { Modal, Radio } from "antd"
import { type ReactNode, useState } from "react"
import { type ApiError, isStale } from "../api/errors"
import { texts, useTexts } from "../texts/i18n"
import { type Clash, merge } from "./save/merge"

const words = texts({
  ru: {
    title: "Запись изменил другой сотрудник", text: "Пока вы работали, изменились поля. Выберите, что оставить, и сохраните.",
    mine: "Моё", theirs: "Чужое", kept: "изменено не вами, останется", save: "Сохранить", cancel: "Вернуться к правке", empty: "пусто",
  },
  en: {
    title: "Somebody else has changed this", text: "Fields have changed while you worked. Choose what stays, and save.",
    mine: "Mine", theirs: "Theirs", kept: "changed by others, stays", save: "Save", cancel: "Back to editing", empty: "empty",
  },
})

type Conflict<T, V> = { theirs: T; values: V; clashes: Clash[] }

export type Saving<T, V> = {
  /** The thing as it was when the form was filled from it. */
  base: T
  /** The part of it that the form edits. */
  edits: (of: T) => V
  /** Writes the values over the version of `over`, with ifMatch(over). */
  write: (values: V, over: T) => Promise<T>
  /** Reads it anew. */
  reread: () => Promise<T>
  saved: (now: T) => void
  /** What people call the fields, and how a value of one is shown. */
  titles: Partial<Record<keyof V & string, string>>
  show?: (field: keyof V & string, value: unknown) => ReactNode
}

/**
 * useSave saves an edit with If-Match. When somebody else was faster it shows what he changed, lets
 * the person choose field by field, and saves again. Draw `conflict` beside the form; `save` rejects
 * with the ApiError of any other refusal, for RecordForm to show.
 */
export function useSave<T, V extends object>(how: Saving<T, V>) {
  const [found, setFound] = useState<Conflict<T, V> | null>(null)
  const attempt = async (values: V, over: T): Promise<void> => {
    try {
      how.saved(await how.write(values, over))
      setFound(null)
    } catch (error) {
      if (!isStale(error)) throw error
      const theirs = await how.reread()
      setFound({ theirs, ...merge(how.edits(how.base), values, how.edits(theirs)) })
    }
  }
  const run = useMutation<void, ApiError, { values: V; over: T }>({ mutationFn: ({ values, over }) => attempt(values, over) })
  const conflict = found && (
    <ConflictDialog
      clashes={found.clashes} titles={how.titles as Record<string, string>} show={how.show as (field: string, value: unknown) => ReactNode} busy={run.isPending}
      cancel={() => setFound(null)}
      choose={(field, value) => setFound({ ...found, values: { ...found.values, [field]: value } })}
      values={found.values as Record<string, unknown>}
      save={() => run.mutate({ values: found.values, over: found.theirs }, { onError: () => setFound(null) })}
    />
  )
  return { save: (values: V) => run.mutateAsync({ values, over: how.base }), saving: run.isPending, error: run.error, conflict }
}

function ConflictDialog(props: {
  clashes: Clash[]; values: Record<string, unknown>; titles: Record<string, string>; show?: (field: string, value: unknown) => ReactNode
  busy: boolean; cancel: () => void; choose: (field: string, value: unknown) => void; save: () => void
}) {
  const t = useTexts(words)
  const show = (field: string, value: unknown) => props.show?.(field, value) ?? (value === undefined || value === "" || value === null ? t.empty : typeof value === "object" ? JSON.stringify(value) : String(value))
  return (
    <Modal open title={t.title} okText={t.save} cancelText={t.cancel} confirmLoading={props.busy} onOk={props.save} onCancel={props.cancel} width={640}>
      <p>{t.text}</p>
      <dl className="u-clashes">
        {props.clashes.map((c) => (
          <div key={c.field}>
            <dt>{props.titles[c.field] ?? c.field}</dt>
            <dd>
              {c.both ? (
                <Radio.Group aria-label={props.titles[c.field]} value={props.values[c.field] === c.theirs ? "theirs" : "mine"} onChange={(e) => props.choose(c.field, e.target.value === "theirs" ? c.theirs : c.mine)}>
                  <Radio value="mine"><b>{t.mine}:</b> {show(c.field, c.mine)}</Radio>
                  <Radio value="theirs"><b>{t.theirs}:</b> {show(c.field, c.theirs)}</Radio>
                </Radio.Group>
              ) : <>{show(c.field, c.theirs)} <span className="u-quiet">({t.kept})</span></>}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
