import { Segmented } from "antd"
import { Link } from "react-router"
import { useCan, useSession } from "../../app/session"
import { type Look, setLook, useLook } from "../../app/theme"
import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { Notices } from "./Notices"
import { Part } from "./Part"
import { Password } from "./Password"
import "./profile.css"
import { Sessions } from "./Sessions"
import { words } from "./texts"
import { Tokens } from "./Tokens"

/** Profile is what a person may see and change of himself. */
export default function Profile() {
  const t = useTexts(words)
  const own = useCan()("self.manage")
  return (
    <Page title={t.title}>
      <div className="u-profile">
        <div>
          <Personal />
          <LookOfPages />
          {own && <Password />}
        </div>
        {own && <div><Notices /><Sessions /><Tokens /></div>}
      </div>
    </Page>
  )
}

function Personal() {
  const t = useTexts(words)
  const can = useCan()
  const { user } = useSession()
  const facts = [[t.name, user.name], [t.login, user.login], [t.email, user.email], [t.extension, user.extension], [t.roles, user.roles.map((r) => t.roleNames[r]).join(", ")]]
  return (
    <Part title={t.personal}>
      <dl className="u-facts">{facts.map(([title, value]) => <div key={title}><dt>{title}</dt><dd>{value || <span className="u-quiet">{t.none}</span>}</dd></div>)}</dl>
      {can("users.manage") ? <p className="u-quiet"><Link to={`/users/${user.id}`}>{t.personalEdit}</Link></p> : <p className="u-quiet">{t.personalHint}</p>}
    </Part>
  )
}

function LookOfPages() {
  const t = useTexts(words)
  return (
    <Part title={t.look}>
      <Segmented<Look> aria-label={t.look} value={useLook()} onChange={setLook} options={(Object.keys(t.looks) as Look[]).map((value) => ({ value, label: t.looks[value] }))} />
      <p className="u-quiet">{t.lookHint}</p>
    </Part>
  )
}
