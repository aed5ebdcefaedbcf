package pluginhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

func TestChannelGoesThroughItsStates(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	if _, err := r.host.Channels().SetEnabled(t.Context(), "c", false); err != nil {
		t.Fatal(err)
	}
	s := r.awaitState("c", core.ChannelStopped)
	if got := r.states("c"); got != "starting running stopping stopped" {
		t.Errorf("states = %s", got)
	}
	if s.PID != 0 || s.StartedAt != nil || s.MemoryMB != 0 {
		t.Errorf("stopped, but %+v", s)
	}
}

// alive tells whether a process is there and no zombie.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func TestCrashOfOneChannelDoesNotTouchTheOthers(t *testing.T) {
	r := newRig(t, nil)
	r.channel("good", "test", set{"receive": "wake", "size": 0})
	first := r.awaitState("good", core.ChannelRunning)
	for _, how := range []string{"exit", "panic"} {
		r.channel(core.ChannelID("bad-"+how), "test", set{"receive": how, "password": "s3cret"})
	}
	exit := r.awaitState("bad-exit", core.ChannelFailed)
	if !strings.Contains(exit.Reason, "exit status 3") || exit.Restarts != 4 {
		t.Errorf("exit: %+v", exit)
	}
	boom := r.awaitState("bad-panic", core.ChannelFailed)
	if !strings.Contains(boom.Reason, "boom with ***") || strings.Contains(boom.Reason, "s3cret") {
		t.Errorf("panic: %s", boom.Reason)
	}
	if err := r.host.Wake(t.Context(), "good"); err != nil {
		t.Fatal(err)
	}
	await(t, "the good channel works on", func() bool { found, _ := r.messages(); return found["m1"] != nil })
	if now := r.status("good"); now.PID != first.PID || now.State != core.ChannelRunning {
		t.Errorf("the good channel: %+v, was %+v", now, first)
	}
}

func TestFallenChannelIsShownDegradedUntilItIsStartedAgain(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "flood", "size": 0})
	pid := r.awaitState("c", core.ChannelRunning).PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "another process", func() bool { s := r.status("c"); return s.PID != pid && s.State == core.ChannelRunning })
	if got := r.states("c"); got != "starting running degraded starting running" {
		t.Errorf("states = %s", got)
	}
	s := r.status("c")
	if s.Restarts != 1 || s.Reason != "" || !strings.Contains(s.LastError, "signal: killed") || s.LastErrorAt == nil {
		t.Errorf("after the fall: %+v", s)
	}
}

func TestTrafficIsCountedByTheMinute(t *testing.T) {
	var ahead atomic.Int64 // minutes that the host's clock is ahead
	r := newRig(t, func(o *pluginhost.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Minute) }
	})
	r.channel("c", "test", set{"receive": "count", "count": 3})
	traffic := func(span, step time.Duration) (sum core.Traffic, points []core.TrafficAt) {
		t.Helper()
		points, err := r.host.Traffic("c", span, step)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			sum.Add(p.Traffic)
		}
		return sum, points
	}
	await(t, "three messages", func() bool { return r.status("c").Received == 3 })
	delivery := r.deliver("c", core.PurposeAnswer, "body")
	r.awaitDelivery(delivery, core.DeliverySent)
	await(t, "the delivery counted", func() bool { return r.status("c").Sent == 1 }) // that is after it is stored
	want := core.Traffic{Received: 3, Sent: 1}
	if sum, points := traffic(time.Hour, time.Minute); sum != want || len(points) != 60 || r.status("c").Hour != want {
		t.Errorf("the first hour: %+v in %d points, status %+v", sum, len(points), r.status("c").Hour)
	}
	ahead.Store(90)
	if sum, _ := traffic(time.Hour, time.Minute); sum != (core.Traffic{}) || r.status("c").Hour != sum {
		t.Errorf("an hour later: %+v", sum)
	}
	sum, points := traffic(24*time.Hour, 15*time.Minute)
	if sum != want || len(points) != 96 || points[0].At.Minute()%15 != 0 || !points[95].At.After(time.Now().Add(74*time.Minute)) {
		t.Errorf("the day: %+v in %d points from %v to %v", sum, len(points), points[0].At, points[len(points)-1].At)
	}
	ahead.Store(25 * 60)
	if sum, _ := traffic(48*time.Hour, 15*time.Minute); sum != (core.Traffic{}) {
		t.Errorf("the next day: %+v", sum)
	}
}

func TestFailedChannelWaitsForAPersonOrANewSetting(t *testing.T) {
	r := newRig(t, nil)
	ch := r.channel("c", "test", set{"receive": "exit"})
	r.awaitState("c", core.ChannelFailed)
	starts := len(r.lines("receives"))
	if starts != 5 {
		t.Errorf("%d starts before it failed", starts)
	}
	r.host.Reconcile() // no reason to try again
	if err := r.host.Restart("c"); err != nil {
		t.Fatal(err)
	}
	await(t, "five more starts", func() bool { return len(r.lines("receives")) == 10 })
	r.awaitState("c", core.ChannelFailed)
	ch.Settings = r.draft("c", "test", set{"receive": "idle"}).Settings
	if _, err := r.host.Channels().Update(t.Context(), *ch); err != nil {
		t.Fatal(err)
	}
	r.awaitState("c", core.ChannelRunning)
}

func TestWrongPasswordDegradesAndHeals(t *testing.T) {
	r := newRig(t, nil)
	r.write("password", "right")
	ch := r.channel("c", "test", set{"receive": "count", "count": 3, "password": "wrong"})
	s := r.awaitState("c", core.ChannelDegraded)
	if s.Reason != "535 authentication failed" || s.Field != "password" {
		t.Errorf("reason = %q, field %q", s.Reason, s.Field)
	}
	delivery := r.deliver("c", core.PurposeAnswer, "body")
	await(t, "the delivery was tried", func() bool { return len(r.lines("attempts")) > 0 })
	await(t, "the delivery waits", func() bool {
		d := r.delivery(delivery)
		return d.State == core.DeliveryQueued && d.Attempts == 0 && d.ErrorField == "password"
	})
	ch.Settings = r.draft("c", "test", set{"receive": "count", "count": 3, "password": "right"}).Settings
	if _, err := r.host.Channels().Update(t.Context(), *ch); err != nil {
		t.Fatal(err)
	}
	r.awaitState("c", core.ChannelRunning)
	r.awaitDelivery(delivery, core.DeliverySent)
	await(t, "messages come in", func() bool { return len(r.lines("acked")) == 3 })
}

func TestOutsideSystemThatComesBackHealsTheChannelByItself(t *testing.T) {
	r := newRig(t, nil)
	r.write("down", "")
	r.channel("c", "test", set{"receive": "count", "count": 3})
	if s := r.awaitState("c", core.ChannelDegraded); s.Reason != "connection refused" || s.NextTryAt == nil {
		t.Errorf("degraded: %+v", s)
	}
	pid := r.status("c").PID
	os.Remove(filepath.Join(r.world, "down"))
	r.awaitState("c", core.ChannelRunning)
	await(t, "messages come in", func() bool { return len(r.lines("acked")) == 3 })
	if now := r.status("c"); now.PID != pid || now.Restarts != 0 {
		t.Errorf("the process was restarted: %+v", now)
	}
}

func TestPausesWhileTheSettingsAreWrongGrow(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) {
		o.Timing.RetryMin, o.Timing.RetryMax = 20*time.Millisecond, time.Hour
		o.Timing.CheckEvery = time.Hour
	})
	r.write("password", "right")
	r.channel("c", "test", set{"receive": "count", "password": "wrong"})
	// 20 + 40 + … + 640 ms lie before the seventh try, 1.28 s before the next.
	await(t, "seven tries", func() bool { return len(r.lines("receives")) == 7 })
	next := r.status("c").NextTryAt
	if next == nil || time.Until(*next) < 900*time.Millisecond {
		t.Errorf("next try at %v", next)
	}
}

func TestHungPluginIsRestarted(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing.CheckTimeout = 100 * time.Millisecond })
	r.channel("c", "test", nil)
	pid := r.awaitState("c", core.ChannelRunning).PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, "another process", func() bool { s := r.status("c"); return s.PID != pid && s.State == core.ChannelRunning })
	await(t, "the end of the hung one", func() bool { return !alive(pid) })
	if got := r.states("c"); !strings.Contains(got, "degraded starting running") {
		t.Errorf("states = %s", got)
	}
}

func TestCheckThatHangsCountsAsMissed(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing.CheckTimeout = 30 * time.Millisecond })
	r.channel("c", "test", set{"check": "hang"})
	s := r.awaitState("c", core.ChannelFailed)
	if !strings.Contains(s.Reason, "завис") {
		t.Errorf("reason = %s", s.Reason)
	}
}

func TestBrokenPluginsAreContainedAndNamed(t *testing.T) {
	r := newRig(t, nil)
	r.channel("good", "test", nil)
	for how, want := range map[string]string{
		"order":    "нарушил протокол",
		"headless": "нарушил протокол",
		"piece":    "нарушил протокол",
		"empty":    "нарушил протокол",
		"large":    "нарушил протокол",
		"fault":    "нарушил протокол",
	} {
		r.add(identity{Name: how, Broken: how})
		id := core.ChannelID(how)
		r.channel(id, how, nil)
		s := r.awaitState(id, core.ChannelFailed)
		if !strings.Contains(s.Reason, want) {
			t.Errorf("%s: reason = %s", how, s.Reason)
		}
	}
	if _, events := r.messages(); events != 6 {
		t.Errorf("%d messages, want the good one of each", events)
	}
	if s := r.status("good"); s.State != core.ChannelRunning || s.Restarts != 0 {
		t.Errorf("the good channel: %+v", s)
	}
}

func TestFloodOfMessagesIsHeldBack(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Limits.Window = 16 })
	r.add(identity{Name: "unread", Broken: "unread"})
	r.channel("flood", "unread", nil)
	r.channel("good", "test", set{"receive": "wake", "size": 0})
	r.awaitState("good", core.ChannelRunning)
	r.faulty.setFull(true)
	taken := r.status("flood").Received
	r.awaitState("flood", core.ChannelDegraded)
	if s := r.status("flood"); s.Reason != "на диске нет места" {
		t.Errorf("reason = %s", s.Reason)
	}
	if now := r.status("flood").Received; now > taken+100 {
		t.Errorf("%d messages counted as stored on a full disk", now-taken)
	}
	r.faulty.setFull(false)
	await(t, "the flood goes on", func() bool { return r.status("flood").Received > taken+100 })
	if err := r.host.Wake(t.Context(), "good"); err != nil {
		t.Fatal(err)
	}
	await(t, "the good channel works", func() bool { return r.status("good").Received == 1 })
}

func TestFloodOfLogLinesIsBounded(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) {
		o.Limits.LogBytes, o.Limits.LogFiles, o.Limits.LogRate = 1<<20, 2, 10<<10
	})
	r.add(identity{Name: "log", Broken: "log"})
	r.channel("c", "log", nil)
	await(t, "the news of dropped lines", func() bool {
		tail, err := r.host.LogTail("c", 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range tail {
			if strings.HasPrefix(l.Text, "log lines dropped") {
				return true
			}
		}
		return false
	})
	var total int64
	entries, _ := os.ReadDir(filepath.Join(r.dir, "log"))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), "c.log") {
			total += info.Size()
		}
	}
	if total > 3<<20+1<<17 {
		t.Errorf("the log takes %d bytes", total)
	}
}

func TestPausedDirectionsWaitAndGoOn(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "flood", "size": 0})
	r.awaitState("c", core.ChannelRunning)
	pid := r.status("c").PID
	yes, no := true, false
	pause := func(in, out *bool) {
		t.Helper()
		if _, err := r.host.Channels().Pause(t.Context(), "c", in, out); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "messages", func() bool { return r.status("c").Received > 100 })
	pause(&yes, &yes)
	await(t, "the end of the receiver", func() bool { return len(r.lines("ended")) == 1 })
	// What was taken before it ended may still be on its way to the disk; the
	// delivery below commits behind it.
	delivery := r.deliver("c", core.PurposeAnswer, "body")
	if d := r.delivery(delivery); d.State != core.DeliveryQueued {
		t.Errorf("delivery of a paused channel is %s", d.State)
	}
	_, n := r.messages()
	pause(nil, &no)
	r.awaitDelivery(delivery, core.DeliverySent)
	if _, now := r.messages(); now != n || r.status("c").PID != pid {
		t.Errorf("received %d while paused, pid %d was %d", now-n, r.status("c").PID, pid)
	}
	pause(&no, nil)
	await(t, "the flood to go on", func() bool { _, now := r.messages(); return now > n+100 })
	assertNoGap(t, r)
}

// assertNoGap proves that the messages m1 … mN are there and the cursor is at
// the last of them.
func assertNoGap(t *testing.T, r *rig) {
	t.Helper()
	r.stop()
	found, events, cursor, err := stored(r.store)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= len(found); n++ {
		if found[fmt.Sprint("m", n)] == nil {
			t.Fatalf("message %d of %d is missing", n, len(found))
		}
	}
	if events != len(found) || cursor != fmt.Sprint(len(found)) {
		t.Errorf("%d messages, %d events, cursor %s", len(found), events, cursor)
	}
}

func TestDeletedChannelStops(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	pid := r.awaitState("c", core.ChannelRunning).PID
	if err := r.host.Channels().Delete(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of the process", func() bool { return !alive(pid) })
	if _, err := r.host.Status(t.Context(), "c"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("status of a deleted channel: %v", err)
	}
	if _, err := r.host.Channels().Get(t.Context(), "c"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("a deleted channel can be read: %v", err)
	}
}

func TestChangedBinaryIsRefused(t *testing.T) {
	r := newRig(t, nil)
	e := r.add(identity{Name: "tampered"})
	f, err := os.OpenFile(e.Binary, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(" ")
	f.Close()
	_, err = r.host.Channels().Create(t.Context(), r.draft("c", "tampered", nil))
	if core.KindOf(err) != core.KindConfig || !strings.Contains(err.Error(), "контрольная сумма не сходится") {
		t.Errorf("created with a changed binary: %v", err)
	}
	raw, _ := os.ReadFile(e.Binary)
	os.WriteFile(e.Binary, raw[:len(raw)-1], 0o755)
	r.channel("c", "tampered", nil)
	pid := r.awaitState("c", core.ChannelRunning).PID
	os.WriteFile(e.Binary+".new", raw, 0o755)
	os.Rename(e.Binary+".new", e.Binary)
	syscall.Kill(pid, syscall.SIGKILL)
	if s := r.awaitState("c", core.ChannelFailed); !strings.Contains(s.Reason, "контрольная сумма не сходится") {
		t.Errorf("reason = %s", s.Reason)
	}
}

func TestSecretsDoNotGetIntoTheLog(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"password": "пароль \"s3cret/+\""})
	r.awaitState("c", core.ChannelRunning)
	raw, err := os.ReadFile(filepath.Join(r.dir, "log", "c.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "s3cret") {
		t.Errorf("the secret is in the log: %s", raw)
	}
	tail, err := r.host.LogTail("c", 100)
	if err != nil {
		t.Fatal(err)
	}
	opened := false
	for _, l := range tail {
		if l.Text == "opened" {
			opened = l.Level == "info" && l.Fields["password"] == "***" && !l.At.IsZero()
		}
	}
	if !opened {
		t.Errorf("tail = %+v", tail)
	}
}

func TestStopDrainsWhatIsUnderWay(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"receive": "flood", "send": "slow", "size": 2000})
	r.awaitState("c", core.ChannelRunning)
	var ids []core.DeliveryID
	for range 4 {
		ids = append(ids, r.deliver("c", core.PurposeAnswer, "body"))
	}
	await(t, "deliveries under way", func() bool { return len(r.lines("attempts")) == 4 })
	pid := r.status("c").PID
	r.stop()
	for _, id := range ids {
		if d := r.delivery(id); d.State != core.DeliverySent {
			t.Errorf("delivery was %s when the hub had stopped (%s)", d.State, d.LastError)
		}
	}
	if alive(pid) {
		t.Error("the process outlived its host")
	}
	assertNoGap(t, r)
}

func TestTwelveChannelsStartTogether(t *testing.T) {
	r := newRig(t, nil)
	for i := range 12 {
		r.channel(core.ChannelID(fmt.Sprint("c", i)), "test", nil)
	}
	for i := range 12 {
		r.awaitState(core.ChannelID(fmt.Sprint("c", i)), core.ChannelRunning)
	}
	if all := r.host.Statuses(t.Context()); len(all) != 12 {
		t.Errorf("%d statuses", len(all))
	}
}

func TestPluginGetsNothingOfTheHubsEnvironment(t *testing.T) {
	t.Setenv("UZEL_SECRET_KEY", "very secret")
	r := newRig(t, func(o *pluginhost.Options) { o.Env = []string{"GIVEN=yes"} })
	r.channel("c", "test", nil)
	pid := r.awaitState("c", core.ChannelRunning).PID
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Split(string(raw), "\x00")
	for _, forbidden := range []string{"UZEL_SECRET_KEY=", "GOPATH=", "USER=", "GOCACHE="} {
		for _, v := range env {
			if strings.HasPrefix(v, forbidden) {
				t.Errorf("the plugin sees %s", v)
			}
		}
	}
	if !strings.Contains(string(raw), "GIVEN=yes\x00") || !strings.Contains(string(raw), "GOMEMLIMIT=") {
		t.Errorf("environment = %q", env)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil || !strings.Contains(string(limits), "Max data size             1073741824           1073741824") {
		t.Errorf("limits = %s, %v", limits, err)
	}
}

func TestPluginThatEatsMemoryEndsAlone(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Limits.Memory = 256 << 20 })
	r.channel("good", "test", nil)
	r.channel("bad", "test", set{"receive": "eat"})
	s := r.awaitState("bad", core.ChannelFailed)
	if !strings.Contains(s.Reason, "out of memory") {
		t.Errorf("reason = %s", s.Reason)
	}
	if s := r.status("good"); s.State != core.ChannelRunning || s.Restarts != 0 {
		t.Errorf("the good channel: %+v", s)
	}
}

func TestFoldersTooDeepForASocketWork(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("глубоко", 12))
	r := newRig(t, func(o *pluginhost.Options) { o.Dir = deep })
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
}
