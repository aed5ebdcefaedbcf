import { Form } from "antd"
import { useState } from "react"
import { useNavigate } from "react-router"
import { EntryPick, useEntries } from "../../parts/EntryPick"
import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { ChannelStep } from "../welcome/ChannelStep"
import "../welcome/welcome.css"
import { words } from "./texts"

/** NewChannel connects one more channel as the first steps do: connector, form, test, on. */
export default function NewChannel() {
  const t = useTexts(words)
  const navigate = useNavigate()
  const organizations = useEntries("organizations")
  const [chosen, setChosen] = useState<string>()
  const organization = chosen ?? (organizations.length === 1 ? organizations[0]!.id : undefined)
  return (
    <Page title={t.adding}>
      <div className="u-welcome">
        <section className="u-panel" aria-label={t.adding}>
          {organizations.length > 1 && (
            <Form component="div" layout="vertical"><Form.Item label={t.fields.organization} extra={t.organizationHelp} htmlFor="channel-organization"><EntryPick id="channel-organization" directory="organizations" value={organization} onChange={setChosen} /></Form.Item></Form>
          )}
          <ChannelStep key={organization} organization={organization} next={(id) => void navigate(`/channels/${id}`, { replace: true })} />
        </section>
      </div>
    </Page>
  )
}
