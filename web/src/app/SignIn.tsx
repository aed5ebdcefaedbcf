import { useMutation } from "@tanstack/react-query"
import { Alert, Button, Form, Input, Modal } from "antd"
import { useEffect, useId, useState } from "react"
import { api, call, type Schema } from "../api/client"
import { ApiError } from "../api/errors"
import { useGet } from "../api/query"
import { useTexts } from "../texts/i18n"
import { Logo } from "./Logo"
import { enter, type Session, useExpired, useSession } from "./session"
import { words } from "./words"

/** Front is the page of who is not signed in. */
export function Front() {
  const t = useTexts(words)
  return (
    <main className="u-front">
      <div className="u-front-box">
        <div className="u-front-brand"><Logo />{t.product}</div>
        <p>{t.tagline}</p>
        <h1 className="u-hidden">{t.signInTitle}</h1>
        <Refused />
        <SignInForm />
      </div>
    </main>
  )
}

/** Refused tells why the outside provider's person was not let in; the hub says it by a code in the address. */
function Refused() {
  const t = useTexts(words)
  const [code] = useState(() => new URLSearchParams(location.search).get("refused"))
  useEffect(() => {
    if (code) history.replaceState(null, "", location.pathname)
  }, [code])
  return code && <Alert type="error" role="alert" title={t.refused[code] ?? t.refusedElse} />
}

/** SignInAgain covers the page whose session has ended; what was typed behind it stays. */
export function SignInAgain() {
  const t = useTexts(words)
  const { user } = useSession()
  return (
    <Modal open={useExpired()} title={t.expiredTitle} footer={null} closable={false} width={380} destroyOnHidden>
      <p>{t.expiredText}</p>
      <SignInForm login={user.login} />
    </Modal>
  )
}

function SignInForm(props: { login?: string }) {
  const t = useTexts(words)
  const labels = useId()
  const ways = useGet("/api/v1/session/ways")
  const submit = useMutation<Session, ApiError, Schema<"Credentials">>({
    mutationFn: (body) => call(api.POST("/api/v1/session", { body })),
    onSuccess: enter,
  })
  const rules = [{ required: true, message: t.required }]
  return (
    <Form name={labels} layout="vertical" requiredMark={false} initialValues={{ login: props.login }} onFinish={submit.mutate}>
      {submit.error && <Alert type="error" role="alert" title={refusal(submit.error, t.wrong)} />}
      <Form.Item name="login" label={t.login} rules={rules}>
        <Input size="large" autoComplete="username" autoFocus={!props.login} autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <Form.Item name="password" label={t.password} rules={rules}>
        <Input.Password size="large" autoComplete="current-password" autoFocus={!!props.login} />
      </Form.Item>
      <Button block size="large" type="primary" htmlType="submit" loading={submit.isPending}>{t.signIn}</Button>
      {ways.data?.oidc && <OutsideButton title={ways.data.oidc} or={t.or} />}
    </Form>
  )
}

function refusal(error: ApiError, wrong: string): string {
  return error.kind === "unauthenticated" ? wrong : error.message
}

function OutsideButton(props: { title: string; or: string }) {
  const back = encodeURIComponent(location.pathname + location.search)
  return (
    <>
      <div className="u-or">{props.or}</div>
      <Button block size="large" href={`/api/v1/session/oidc?return=${back}`}>{props.title}</Button>
    </>
  )
}

/** NewPassword is all a person sees who came in with a one-time password. */
export function NewPassword() {
  const t = useTexts(words)
  const submit = useMutation<unknown, ApiError, Schema<"PasswordChange">>({
    mutationFn: (body) => call(api.POST("/api/v1/session/password", { body })),
    onSuccess: async () => enter(await call(api.GET("/api/v1/session"))),
  })
  const rules = [{ required: true, message: t.required }]
  return (
    <main className="u-front">
      <div className="u-front-box">
        <div className="u-front-brand"><Logo />{t.product}</div>
        <h1>{t.newPasswordTitle}</h1>
        <p>{t.newPasswordText}</p>
        <Form name="new" layout="vertical" requiredMark={false} onFinish={({ old_password, new_password }) => submit.mutate({ old_password, new_password })}>
          {submit.error && <Alert type="error" role="alert" title={submit.error.faults[0]?.text ?? submit.error.message} />}
          <Form.Item name="old_password" label={t.oldPassword} rules={rules}><Input.Password autoComplete="current-password" autoFocus /></Form.Item>
          <Form.Item name="new_password" label={t.newPassword} rules={rules}><Input.Password autoComplete="new-password" /></Form.Item>
          <Form.Item
            name="again" label={t.again} dependencies={["new_password"]}
            rules={[...rules, ({ getFieldValue }) => ({
              validator: (_, value) => (!value || value === getFieldValue("new_password") ? Promise.resolve() : Promise.reject(new Error(t.differ))),
            })]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Button block type="primary" htmlType="submit" loading={submit.isPending}>{t.save}</Button>
        </Form>
      </div>
    </main>
  )
}
