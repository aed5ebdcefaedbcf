import { LogoutOutlined, MenuFoldOutlined, MenuUnfoldOutlined, QuestionCircleOutlined, SearchOutlined, UserOutlined } from "@ant-design/icons"
import { Button, Popover, Segmented, Tooltip } from "antd"
import { type ReactNode, useEffect, useState } from "react"
import { Link, NavLink, useLocation } from "react-router"
import { api, call } from "../api/client"
import { toast } from "../parts/toast"
import { useTexts } from "../texts/i18n"
import { spell } from "./chord"
import { useOpeners } from "./keys"
import { type Language, setLanguage, useLanguage } from "./language"
import { Logo } from "./Logo"
import { Offline } from "./Offline"
import { keep, kept } from "./prefs"
import { type MenuGroup, menu, type Route } from "./routes"
import { leave, useCan, useSession } from "./session"
import { NewPassword, SignInAgain } from "./SignIn"
import { type Look, setLook, useLook } from "./theme"
import { words } from "./words"

/** Layout is the frame: the menu of what the person may do, search, the person, and the screen. */
export function Layout(props: { children: ReactNode }) {
  const t = useTexts(words)
  const { user } = useSession()
  const [narrow, setNarrow] = useState(kept("menu") === "narrow")
  const [drawn, setDrawn] = useState(false) // the menu of a phone
  const { pathname } = useLocation()
  useEffect(() => setDrawn(false), [pathname])
  if (user.must_change) return <NewPassword />
  const toggle = () => {
    keep("menu", narrow ? "" : "narrow")
    setNarrow(!narrow)
  }
  return (
    <div className="u-frame" data-narrow={narrow || undefined} data-drawn={drawn || undefined}>
      <a className="u-skip" href="#content">{t.skip}</a>
      <aside className="u-rail">
        <Link to="/" className="u-brand"><Logo /><span>{t.product}</span></Link>
        <Navigation narrow={narrow} />
        <Tooltip title={narrow ? t.expand : t.collapse} placement="right">
          <Button className="u-fold" type="text" aria-label={narrow ? t.expand : t.collapse} icon={narrow ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />} onClick={toggle} />
        </Tooltip>
      </aside>
      <div className="u-shade" onClick={() => setDrawn(false)} aria-hidden="true" />
      <header className="u-top">
        <Button className="u-burger" type="text" aria-label={t.menu} aria-expanded={drawn} icon={<MenuUnfoldOutlined />} onClick={() => setDrawn(!drawn)} />
        <SearchButton />
        <HelpButton />
        <Person />
      </header>
      <div className="u-banners"><Offline /><Entered /></div>
      <main className="u-content" id="content" tabIndex={-1}>{props.children}</main>
      <SignInAgain />
    </div>
  )
}

function Navigation(props: { narrow: boolean }) {
  const t = useTexts(words)
  const groups = menu(useCan())
  return (
    <nav className="u-nav" aria-label={t.menu}>
      {(Object.keys(groups) as MenuGroup[]).filter((g) => groups[g].length > 0).map((g) => (
        <section key={g} aria-label={t.groups[g]}>
          <h2>{t.groups[g]}</h2>
          <ul>{groups[g].map((r) => <Item key={r.path} route={r} narrow={props.narrow} />)}</ul>
        </section>
      ))}
    </nav>
  )
}

function Item(props: { route: Route; narrow: boolean }) {
  const lang = useLanguage()
  const Icon = props.route.menu!.icon
  const title = props.route.title[lang]
  return (
    <li>
      <Tooltip title={props.narrow ? title : ""} placement="right">
        <NavLink to={`/${props.route.path}`} end={props.route.path === ""}><Icon /><span>{title}</span></NavLink>
      </Tooltip>
    </li>
  )
}

function SearchButton() {
  const t = useTexts(words)
  const { openSearch } = useOpeners()
  return (
    <button type="button" className="u-search" aria-keyshortcuts="Control+K" onClick={openSearch}>
      <SearchOutlined /><span>{t.searchHint}</span><kbd>{spell("mod+K")}</kbd>
    </button>
  )
}

function HelpButton() {
  const t = useTexts(words)
  const { openHelp } = useOpeners()
  return (
    <Tooltip title={`${t.keys} (?)`}>
      <Button className="u-wide" type="text" aria-label={t.keys} icon={<QuestionCircleOutlined />} onClick={openHelp} />
    </Tooltip>
  )
}

function Person() {
  const { user } = useSession()
  const [open, setOpen] = useState(false)
  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={<PersonMenu close={() => setOpen(false)} />}>
      <Button type="text" className="u-person" icon={<UserOutlined />} aria-haspopup="dialog" aria-expanded={open} aria-label={user.name}><span>{user.name}</span></Button>
    </Popover>
  )
}

function PersonMenu(props: { close: () => void }) {
  const t = useTexts(words)
  const { user } = useSession()
  const lang = useLanguage()
  const looks = (Object.keys(t.looks) as Look[]).map((value) => ({ value, label: t.looks[value] }))
  return (
    <div className="u-person-menu">
      <div><strong>{user.name}</strong><div className="u-quiet">{user.login}</div></div>
      <div>
        <div className="u-label">{t.look}</div>
        <Segmented<Look> options={looks} value={useLook()} onChange={setLook} size="small" aria-label={t.look} />
      </div>
      <div>
        <div className="u-label">{t.language}</div>
        <Segmented<Language> options={[{ value: "ru", label: "Русский" }, { value: "en", label: "English" }]} value={lang} onChange={setLanguage} size="small" aria-label={t.language} />
      </div>
      <Link to="/profile" onClick={props.close}><UserOutlined /> {t.profile}</Link>
      <Button icon={<LogoutOutlined />} onClick={() => leave().catch(toast.error)}>{t.leave}</Button>
    </div>
  )
}

/** Entered reminds an administrator that he works under another name. */
function Entered() {
  const t = useTexts(words)
  const { entered, user } = useSession()
  if (!entered) return null
  const back = () => call(api.DELETE("/api/v1/session/as")).then(() => location.assign("/"), toast.error)
  return (
    <div className="u-banner" data-tone="warn" role="status">
      {t.entered(user.name)} <Button size="small" onClick={back}>{t.leaveEntered}</Button>
    </div>
  )
}
