/**
 * What a person chose about the look of the pages, kept in this browser. Never tokens or texts of
 * letters; drafts have parts/useDraft.
 */
const prefix = "uzel."

/** kept is the remembered choice, "" without one or where the browser keeps nothing. */
export function kept(name: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? ""
  } catch {
    return ""
  }
}

/** keep remembers a choice; an empty one is forgotten. */
export function keep(name: string, value: string) {
  try {
    if (value) localStorage.setItem(prefix + name, value)
    else localStorage.removeItem(prefix + name)
  } catch {
    // A browser that keeps nothing still works, it only forgets.
  }
}
