/** contact is a contact as people read it: a Russian phone in groups, everything else as it is. */
export function contact(a: { kind: string; value: string }): string {
  const phone = a.kind === "phone" && /^\+7(\d{3})(\d{3})(\d\d)(\d\d)$/.exec(a.value)
  return phone ? `+7 ${phone[1]} ${phone[2]}-${phone[3]}-${phone[4]}` : a.value
}
