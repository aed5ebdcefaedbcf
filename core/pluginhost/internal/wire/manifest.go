package wire

import (
	"encoding/json"
	"time"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
)

// Manifest is a connector's description. KindInvalid for one the hub cannot use.
func Manifest(d *pluginv1.Description) (catalog.Manifest, error) {
	m := catalog.Manifest{
		Name:           d.GetName(),
		Title:          Text(d.GetTitle()),
		Summary:        Text(d.GetSummary()),
		Version:        d.GetVersion(),
		SDK:            Text(d.GetSdk()),
		Abilities:      words[catalog.Ability](d.GetAbilities()),
		Purposes:       words[core.Purpose](d.GetPurposes()),
		Kinds:          words[core.MessageKind](d.GetKinds()),
		Calls:          d.GetCalls(),
		Limits:         limits(d.GetLimits()),
		SettingsSchema: json.RawMessage(d.GetSettingsSchema()),
		Generated:      d.GetGenerated(),
		Directories:    json.RawMessage(d.GetDirectories()),
	}
	for _, raw := range []json.RawMessage{m.SettingsSchema, m.Directories} {
		if len(raw) > 0 && !json.Valid(raw) {
			return m, badManifest("схема настроек или справочников не в формате JSON")
		}
	}
	for _, o := range d.GetOperations() {
		op, err := operation(o)
		if err != nil {
			return m, err
		}
		m.Operations = append(m.Operations, op)
	}
	return m, nil
}

func words[T ~string](in []string) []T {
	var out []T
	for _, s := range in {
		out = append(out, T(s))
	}
	return out
}

func limits(l *pluginv1.Limits) catalog.Limits {
	return catalog.Limits{
		MessageBytes:   l.GetMessageBytes(),
		FileBytes:      l.GetFileBytes(),
		Files:          int(l.GetFiles()),
		TextRunes:      l.GetTextRunes(),
		FileTypes:      l.GetFileTypes(),
		MayWriteFirst:  l.GetMayWriteFirst(),
		KnowsDelivered: l.GetKnowsDelivered(),
		KnowsRead:      l.GetKnowsRead(),
		Concurrency:    int(l.GetConcurrency()),
		PerSecond:      l.GetPerSecond(),
		Idempotent:     l.GetIdempotent(),
	}
}

func operation(o *pluginv1.Operation) (catalog.Operation, error) {
	op := catalog.Operation{
		Name:         o.GetName(),
		Title:        Text(o.GetTitle()),
		Help:         Text(o.GetHelp()),
		Place:        catalog.Place(o.GetPlace()),
		InputSchema:  json.RawMessage(o.GetInputSchema()),
		OutputSchema: json.RawMessage(o.GetOutputSchema()),
		FilesIn:      o.GetFilesIn(),
		FilesOut:     o.GetFilesOut(),
		Confirm:      o.GetConfirm(),
		Roles:        words[core.Role](o.GetRoles()),
	}
	for _, raw := range []json.RawMessage{op.InputSchema, op.OutputSchema} {
		if len(raw) > 0 && !json.Valid(raw) {
			return op, badManifest("схема операции не в формате JSON")
		}
	}
	if o.GetSchedule() == "" {
		return op, nil
	}
	every, err := time.ParseDuration(o.GetSchedule())
	if err != nil || every <= 0 {
		return op, badManifest("неверный период операции")
	}
	op.Every = every
	return op, nil
}

func badManifest(text string) error {
	return &core.Error{Kind: core.KindInvalid, Code: "plugin.manifest", Op: "describe plugin", Source: core.SourcePlugin, Text: text}
}
