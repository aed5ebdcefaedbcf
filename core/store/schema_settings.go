package store

import "github.com/uzel-hub/uzel/core"

// Settings are those of the office, a record for each section.
var Settings = Define[core.Setting]("settings")
