package app

// For tests that look at one joint of the hub and need no whole one.
var (
	ForwardByRule = (*App).forwardByRule
	MassSees      = massSees
)
