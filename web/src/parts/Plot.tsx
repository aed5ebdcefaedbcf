import { lazy, Suspense } from "react"
import { Loading } from "./Async"
import type { PlotProps } from "./plot/props"

const Chart = lazy(() => import("./plot/Chart"))

/** Plot draws bars or lines; the library for it is loaded when the first one is shown. */
export function Plot(props: PlotProps) {
  return (
    <figure className="u-plot" role="img" aria-label={props.label} style={{ height: props.height ?? 260 }}>
      <Suspense fallback={<Loading />}><Chart {...props} /></Suspense>
    </figure>
  )
}
