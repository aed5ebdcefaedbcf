import type { Schema } from "../../api/client"

/** A number of a row of the summary. */
export type Measure = keyof Schema<"Sums">

/** What documents are grouped by, as the REST names it. */
export type Dimension = "appeal_state" | "channel" | "day" | "day_hour" | "direction" | "forwarded_to" | "hour" | "kind" | "line" | "month" | "operator" | "organization" | "reason" | "reason_group" | "source" | "state" | "tag" | "week"

export type Group = "flow" | "terms" | "people" | "quality"

/** One report: how the rows are grouped, which numbers stand in the table, and which are drawn. */
export type Definition = { id: string; group: Group; by: Dimension[]; measures: Measure[]; drawn: Measure[]; plot: "bars" | "line" | "stacked" }

const flow: Measure[] = ["documents", "appeals", "answered", "closed", "rejected"]
const terms: Measure[] = ["appeals", "in_time", "late", "overdue", "running"]
const work: Measure[] = ["appeals", "answered", "closed", "transfers", "taken_seconds", "ended_seconds", "spent_seconds"]

/** All reports there are, in the order of the list. */
export const reports: Definition[] = [
  { id: "days", group: "flow", by: ["day"], measures: flow, drawn: ["documents", "appeals"], plot: "line" },
  { id: "months", group: "flow", by: ["month"], measures: flow, drawn: ["documents", "appeals"], plot: "bars" },
  { id: "hours", group: "flow", by: ["day_hour"], measures: flow, drawn: ["documents"], plot: "bars" },
  { id: "channels", group: "flow", by: ["channel"], measures: flow, drawn: ["documents"], plot: "bars" },
  { id: "sources", group: "flow", by: ["source"], measures: flow, drawn: ["appeals"], plot: "bars" },
  { id: "directions", group: "flow", by: ["direction", "state"], measures: ["documents", "appeals", "answered"], drawn: ["documents"], plot: "bars" },
  { id: "organizations", group: "flow", by: ["organization"], measures: flow, drawn: ["appeals"], plot: "bars" },
  { id: "forwarded", group: "flow", by: ["forwarded_to"], measures: ["appeals", "forwarded", "answered"], drawn: ["forwarded"], plot: "bars" },
  { id: "terms-months", group: "terms", by: ["month"], measures: terms, drawn: ["in_time", "late", "overdue"], plot: "stacked" },
  { id: "terms-lines", group: "terms", by: ["line"], measures: terms, drawn: ["in_time", "late", "overdue"], plot: "stacked" },
  { id: "terms-reasons", group: "terms", by: ["reason"], measures: terms, drawn: ["in_time", "late", "overdue"], plot: "stacked" },
  { id: "operators", group: "people", by: ["operator"], measures: work, drawn: ["appeals", "closed"], plot: "bars" },
  { id: "lines", group: "people", by: ["line"], measures: work, drawn: ["appeals", "closed"], plot: "bars" },
  { id: "states", group: "quality", by: ["appeal_state"], measures: ["appeals", "reopened", "rated", "rating"], drawn: ["appeals"], plot: "bars" },
  { id: "reasons", group: "quality", by: ["reason_group", "reason"], measures: ["appeals", "closed", "rejected", "reopened", "rating"], drawn: ["appeals"], plot: "bars" },
  { id: "tags", group: "quality", by: ["tag"], measures: ["documents", "appeals", "closed"], drawn: ["documents"], plot: "bars" },
]

/** Measures that are lengths of time; the rest are counts, and the rating is an average. */
export const spans: readonly Measure[] = ["spent_seconds", "taken_seconds", "ended_seconds"]
