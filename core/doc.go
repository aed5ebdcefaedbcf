// Package core holds the words of the hub: documents, messages, parties,
// deliveries, journals, channels, their states and the one error type.
//
// It imports the standard library only. Folders under it are verbs (what the
// program does: intake, registry, outgoing …) or drivers (boltstore, fileblob
// …); core/README.md tells who may import whom, core/arch_test.go checks it.
package core
