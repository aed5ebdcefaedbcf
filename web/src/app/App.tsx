import { QueryClientProvider } from "@tanstack/react-query"
import { App as AntApp, ConfigProvider, Spin } from "antd"
import enUS from "antd/locale/en_US"
import ruRU from "antd/locale/ru_RU"
import dayjs from "dayjs"
import "dayjs/locale/ru"
import { lazy, type ReactNode, Suspense, useEffect } from "react"
import { BrowserRouter, Route as Path, Routes } from "react-router"
import { client } from "../api/query"
import { Toaster } from "../parts/toast"
import { useTexts } from "../texts/i18n"
import { Boundary, Notice } from "./Boundary"
import { KeysProvider } from "./keys"
import { useLanguage } from "./language"
import { Layout } from "./Layout"
import { type Route, routes } from "./routes"
import { SessionGate, useCan } from "./session"
import { Front } from "./SignIn"
import { useTheme } from "./theme"
import { words } from "./words"

/** App is the whole page: language and look outside, the session inside, then the screens. */
export function App() {
  return (
    <Surroundings>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <Gate />
        </BrowserRouter>
      </QueryClientProvider>
    </Surroundings>
  )
}

function Surroundings(props: { children: ReactNode }) {
  const lang = useLanguage()
  useEffect(() => {
    document.documentElement.lang = lang
    dayjs.locale(lang)
  }, [lang])
  return (
    <ConfigProvider locale={lang === "ru" ? ruRU : enUS} theme={useTheme()} button={{ autoInsertSpace: false }}>
      <AntApp component={false} message={{ maxCount: 3 }}>
        <Toaster />
        <Boundary>{props.children}</Boundary>
      </AntApp>
    </ConfigProvider>
  )
}

function Gate() {
  const t = useTexts(words)
  return (
    <SessionGate
      door={<Front />}
      waiting={<Waiting />}
      broken={(retry, error) => <Notice title={error.kind === "offline" ? t.unreachable : error.message} action={t.retry} act={retry} />}
    >
      <KeysProvider>
        <Layout>
          <Routes>
            {pages.map(({ route, Screen }) => (
              <Path key={route.path} path={route.path} element={<Allowed route={route}><Screen /></Allowed>} />
            ))}
            <Path path="*" element={<Notice title={t.missing} text={t.missingText} action={t.home} act="/" />} />
          </Routes>
        </Layout>
      </KeysProvider>
    </SessionGate>
  )
}

const pages = routes.map((route) => ({ route, Screen: lazy(route.load) }))

function Allowed(props: { route: Route; children: ReactNode }) {
  const can = useCan()
  const t = useTexts(words)
  if (props.route.needs && !can(props.route.needs)) return <Notice title={t.denied} text={t.deniedText} action={t.home} act="/" />
  return (
    <Boundary key={props.route.path}>
      <Suspense fallback={<Waiting />}>{props.children}</Suspense>
    </Boundary>
  )
}

function Waiting() {
  const t = useTexts(words)
  return (
    <div className="u-waiting" role="status" aria-label={t.loading}>
      <Spin delay={200} />
    </div>
  )
}
