/** Logo is the knot: four ends that meet in one. */
export function Logo() {
  return (
    <svg className="u-logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--u-accent)" />
      <path d="M8 8l16 16M24 8L8 24" stroke="var(--u-onAccent)" strokeWidth="2.6" />
      <g fill="var(--u-onAccent)">
        <circle cx="8" cy="8" r="3" /><circle cx="24" cy="8" r="3" /><circle cx="8" cy="24" r="3" /><circle cx="24" cy="24" r="3" />
      </g>
      <circle cx="16" cy="16" r="4.6" fill="#f2b544" />
    </svg>
  )
}
