package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A browser is a headless Chromium that looks at kitt's page.
type browser struct {
	*testing.T
	ctx     context.Context
	environ []string
	dir     string
}

const uiSpec = `project = "shop"
process "web" {
  command   = "i=0; while :; do echo line $i; i=$((i+1)); [ $((i %% 5)) = 0 ] && echo 'WARN <b id=evil>slow</b>' >&2; sleep 0.1; done"
  instances = 2
}
process "bad" {
  command = "echo \"Error: Cannot find module 'ghost'\" >&2; exit 1"
  restart { backoff_min = "15s" }
}
process "db" { command = "exec sleep 1000" }
`

// newBrowser begins a kitt of its own with what the page is to show, and a Chromium.
func newBrowser(t *testing.T, width, height int64) *browser {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	if chromium == "" {
		t.Skip("needs chromium")
	}
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { teardown(home) })
	b := &browser{T: t, dir: t.TempDir(), environ: append(os.Environ(), "KITT_HOME="+home, "NO_COLOR=1")}
	b.write("kitt.hcl", strings.ReplaceAll(uiSpec, "%%", "%"))
	if out := b.kitt("apply", "--no-wait"); !strings.Contains(out, "goes on") {
		t.Fatal(out)
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.UserDataDir(profile),
		chromedp.WindowSize(int(width), int(height)), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	b.ctx = ctx
	b.do(chromedp.EmulateViewport(width, height))
	b.ctx, stop = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(stop)
	return b
}

func (b *browser) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) kitt(args ...string) string {
	cmd := exec.Command(filepath.Join(bin, "kitt"), args...)
	cmd.Dir, cmd.Env = b.dir, b.environ
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// address is what kitt ui prints.
func (b *browser) address(args ...string) string {
	b.Helper()
	var open struct{ URL string }
	out := b.kitt(append([]string{"ui", "--no-open", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &open); err != nil {
		b.Fatalf("kitt ui: %s", out)
	}
	return open.URL
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatalf("%v\n%s", err, b.text("body"))
	}
}

// text is what stands in an element; empty where there is none.
func (b *browser) text(selector string) string {
	quoted, _ := json.Marshal(selector)
	out, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("(document.querySelector("+string(quoted)+")||{innerText:''}).innerText"))
	return out
}

// is evaluates a condition in the page.
func (b *browser) is(js string) bool {
	ok, _ := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+js+")"))
	return ok
}

// number is what a promise in the page comes to.
func (b *browser) number(js string) int {
	b.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", js, err)
	}
	return n
}

// shows waits for a condition.
func (b *browser) shows(what, js string) {
	b.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if b.is(js) {
			return
		}
	}
	b.shot("failed")
	b.Fatalf("%s: not within 30 s: %s\n%s", what, js, b.text("body"))
}

func (b *browser) press(keys string) { b.Helper(); b.do(chromedp.KeyEvent(keys)) }

// shot keeps a picture of the page where KITT_SHOTS names a folder.
func (b *browser) shot(name string) {
	dir := os.Getenv("KITT_SHOTS")
	if dir == "" {
		return
	}
	png, _ := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	_ = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(b.Name(), "/", "-")+"-"+name+".png"), png, 0o600)
}

// row is the row of an instance in the table.
func row(id string) string { return `document.querySelector('#rows tr[data-id="shop/` + id + `"]')` }

func TestThePage(t *testing.T) {
	b := newBrowser(t, 1440, 900)
	url := b.address("--control")
	b.do(chromedp.Navigate(url))
	b.shows("the list", row("web.2")+"?.innerText.includes('running') && "+row("bad.1")+"?.innerText.includes('waiting')")
	b.shows("the token is gone from the address", "location.hash === '' && !location.href.includes('"+url[strings.Index(url, "#")+1:]+"')")
	b.shows("it is live", "document.querySelector('#link').innerText.includes('live')")
	b.shot("list")

	b.do(chromedp.Click(`#rows tr[data-id="shop/web.1"]`))
	b.shows("the log", "document.querySelectorAll('.l').length > 10 && document.querySelector('#log').innerText.includes('WARN <b id=evil>slow</b>')")
	if b.is("document.getElementById('evil')") {
		t.Error("a line of a log became markup")
	}
	b.do(chromedp.SendKeys("#log-find", "WARN"))
	b.shows("the search", "[...document.querySelectorAll('.l')].length > 0 && [...document.querySelectorAll('.l')].every(l => l.innerText.includes('WARN')) && document.querySelector('.l mark')")
	b.shot("log")
	b.press(kb.Escape)

	b.press("2")
	b.shows("charts", "document.querySelectorAll('#charts svg[aria-label^=\"CPU: now\"]').length === 1")
	b.shot("charts")
	b.press("3")
	b.shows("lives", "document.querySelectorAll('#lives-table tbody tr').length > 0 && document.querySelector('#one-life rect.run')")
	b.press("4")
	b.shows("details", "document.querySelector('#facts').innerText.includes('sleep 0.1')")

	const pid = `fetch('/v1/status').then(r => r.json()).then(s => s.instances.find(i => i.id === 'web.1').pid)`
	before := b.number(pid)
	b.do(chromedp.Click(`[data-do="restart"]`), chromedp.WaitVisible("#ask-yes"), chromedp.Click("#ask-yes"))
	b.shows("what came of it", "document.querySelector('#toast').innerText.includes('up')")
	if before == b.number(pid) {
		t.Error("restart: the same pid")
	}

	b.do(chromedp.Click(`#rows tr[data-id="shop/bad.1"]`))
	b.press("4")
	b.shows("why", "document.querySelector('#facts .cause')?.innerText.includes('ghost')")
	b.shot("why")
	b.press("l")
	b.shows("the timeline", "document.querySelectorAll('#timeline .lane svg').length === 4 && document.querySelector('#timeline rect.run')")
	b.shot("timeline")
	b.press("e")
	b.shows("events", "document.querySelector('#event-table').innerText.includes('shop/bad.1')")

	b.press("s")
	b.shows("nothing to do", "document.querySelector('#specs').innerText.includes('Everything is as the file says')")
	b.write("kitt.hcl", strings.Replace(strings.ReplaceAll(uiSpec, "%%", "%"), "process \"db\"", "proces \"db\"", 1))
	b.shows("the place of an error", "document.querySelector('.src b')?.innerText.includes('proces') && document.querySelector('.src .caret')")
	b.shot("spec")
	b.shows("a mark", "!document.querySelector('#spec-mark').hidden")
	b.write("kitt.hcl", strings.ReplaceAll(uiSpec, "%%", "%"))
	b.shows("all is well again", "document.querySelector('#specs').innerText.includes('Everything is as the file says')")

	// A daemon that dies takes nothing from the page but a moment.
	b.press("p")
	before = b.number(`fetch('/v1/version').then(r => r.json()).then(v => v.pid)`)
	_ = exec.Command("kill", "-9", itoa(before)).Run()
	b.shows("another daemon", `(window.then1 = 0, fetch('/v1/version').then(r => r.json()).then(v => window.daemon1 = v.pid).catch(() => 0), window.daemon1 && window.daemon1 !== `+itoa(before)+`)`)
	b.shows("it is live again", "document.querySelector('#link').innerText.includes('live')")
	b.kitt("stop", "db")
	b.shows("and hears what happens", row("db.1")+"?.innerText.includes('held')")

	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url))
	b.shows("the session lasts, whatever the token", row("web.1"))
	b.kitt("ui", "--stop")
	b.shows("a page that was closed says so", "document.querySelector('#link').innerText.includes('lost')")
}

func TestThePageOnAPhoneOnlyLooks(t *testing.T) {
	b := newBrowser(t, 390, 844)
	url := b.address()
	b.do(chromedp.Navigate(url))
	b.shows("the list", row("web.2"))
	if b.is("document.documentElement.scrollWidth > innerWidth") {
		t.Error("it is wider than the phone")
	}
	b.shot("list")
	b.do(chromedp.Click("#theme"))
	b.shows("the other colours", "document.documentElement.dataset.theme === 'dark' || document.documentElement.dataset.theme === 'light'")
	b.do(chromedp.Click(`#rows tr[data-id="shop/web.1"]`))
	b.shows("the log", "document.querySelectorAll('.l').length > 5")
	b.shot("log")
	if !b.is("document.querySelector('#actions').hidden") {
		t.Error("a page that only looks has actions")
	}
	code := b.number(`fetch('/v1/restart', {method: 'POST', headers: {'X-Kitt-Page': '1'}, body: '{"all":true}'}).then(r => r.status)`)
	if code != 403 {
		t.Errorf("restart: %d", code)
	}
	b.do(chromedp.Click("#back"))
	b.shows("back", "document.querySelector('#detail').hidden")

	// Another browser has no cookie, and the token was used.
	res, err := http.Get(strings.SplitN(url, "#", 2)[0] + "v1/status")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 401 || strings.Contains(string(body), "web") {
		t.Errorf("without a session: %d %s", res.StatusCode, body)
	}
	if b.is("[...document.querySelectorAll('button, input, select, [role=img], [role=tab]')].some(e => !(e.getAttribute('aria-label') || e.innerText || e.closest('label')?.innerText || e.placeholder || e.title || '').trim() && !e.closest('[hidden]'))") {
		t.Error("a control has no name")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
