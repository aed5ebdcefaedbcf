package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "uzel.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShippedFileSaysTheDefaults(t *testing.T) {
	c, err := config.Load("../../configs/uzel.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c != config.Default() {
		t.Errorf("configs/uzel.yaml says %+v, the defaults are %+v", c, config.Default())
	}
}

func TestEnvironmentOverridesTheFile(t *testing.T) {
	c, err := config.Load(write(t, "listen: 127.0.0.1:1\n"), []string{"UZEL_LISTEN=127.0.0.1:2", "UZEL_LIMITS__FILE_MB=7", "HOME=/", "UZEL_SECRET_KEY=x"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.Limits.FileMB != 7 {
		t.Errorf("%+v", c)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	path := write(t, "lisen: x\nlisten: nowhere\ntrusted_proxies: \"10.0.0.0/8, nginx\"\nstore: oracle\nlimits: {files: many, file_mb: 0, size: 1}\n")
	_, err := config.Load(path, []string{"UZEL_LOG__LEVEL=loud", "UZEL_NOPE=1", "UZEL_LISTEN__X=1"})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindConfig {
		t.Fatalf("got %v", err)
	}
	got := map[string]bool{}
	for _, f := range e.Faults {
		got[f.Field] = true
	}
	for _, want := range []string{"lisen", "listen", "trusted_proxies", "store", "limits.files", "limits.file_mb", "limits.size", "log.level", "nope", "UZEL_LISTEN__X"} {
		if !got[want] {
			t.Errorf("no fault for %s in %v", want, e.Faults)
		}
	}
}

func TestFaultsOfTheProviderAreAmongThem(t *testing.T) {
	_, err := config.Load(write(t, "oidc: {issuer: nowhere, login_claim: \"\", roles: \"desk=tsar\", default_role: boss}\n"), nil)
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range e.Faults {
		got[f.Field] = true
	}
	for _, want := range []string{"oidc.issuer", "oidc.client_id", "oidc.login_claim", "public_url", "oidc.roles", "oidc.default_role"} {
		if !got[want] {
			t.Errorf("no fault for %s in %v", want, e.Faults)
		}
	}
}

func TestRolesOfTheProviderAreRead(t *testing.T) {
	roles, ok := config.OIDC{Roles: " hub-admins = administrator,desk=operator, "}.RoleMap()
	if !ok || len(roles) != 2 || roles["hub-admins"] != core.RoleAdministrator || roles["desk"] != core.RoleOperator {
		t.Errorf("%v %v", roles, ok)
	}
}

func TestBrokenFileNamesTheLine(t *testing.T) {
	for name, path := range map[string]string{"syntax": write(t, "a: [1\nb: 2\n"), "missing": "/nowhere/uzel.yaml"} {
		if _, err := config.Load(path, nil); core.KindOf(err) != core.KindConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}
