package notify

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What the services take at most.
const (
	mostSlack    = 4000 // characters of text that Slack asks for
	mostDiscord  = 2000 // characters of content
	mostTelegram = 4096 // characters of text
	mostNtfy     = 4096 // bytes of message; more becomes an attachment
)

// units counts as most chats do, in UTF-16: it is never less than the number of characters.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// slack is the body of an incoming webhook.
func slack(m Message) any {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	m.Title, m.Text = escape.Replace(m.Title), escape.Replace(m.Text)
	head := "*" + m.Title + "*\n"
	fence := func(s string) string { return "```\n" + escape.Replace(strings.ReplaceAll(s, "```", "'''")) + "\n```" }
	return map[string]any{"text": head + m.within(mostSlack-units(head), units, fence)}
}

// discord is the body of a webhook; nobody is mentioned, whatever a line says.
func discord(m Message) any {
	escape := strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "~", `\~`, "|", `\|`, ">", `\>`, "#", `\#`, "[", `\[`)
	m.Title, m.Text = escape.Replace(m.Title), escape.Replace(m.Text)
	head := "**" + m.Title + "**\n"
	fence := func(s string) string { return "```\n" + strings.ReplaceAll(s, "```", "'''") + "\n```" }
	return map[string]any{"content": head + m.within(mostDiscord-units(head), units, fence), "username": "kitt",
		"allowed_mentions": map[string]any{"parse": []string{}}}
}

// telegram is the body of sendMessage, in plain text: nothing in it is markup.
func telegram(m Message, chat string) any {
	head := m.Title + "\n"
	return map[string]any{"chat_id": chat, "text": head + m.within(mostTelegram-units(head), units, plainFence),
		"link_preview_options": map[string]any{"is_disabled": true}}
}

// ntfy is a message to a topic, published as JSON.
func ntfy(m Message, topic string) any {
	priority, tag := 4, "warning"
	good := true
	for _, a := range m.Alerts {
		good = good && (a.Event == "recovered" || a.Event == "test")
		if a.Event == "gave-up" {
			priority, tag = 5, "rotating_light"
		}
	}
	if good && m.More == 0 {
		priority, tag = 3, "white_check_mark"
	}
	return map[string]any{"topic": topic, "title": m.Title, "priority": priority, "tags": []string{tag},
		"message": m.within(mostNtfy, func(s string) int { return len(s) }, plainFence)}
}

// body is what is posted, and where to.
func (t Target) body(m Message) (body []byte, where string, err error) {
	var v any = m
	where = t.url
	switch w := t.Notify.Webhook; w.Form {
	case "slack":
		v = slack(m)
	case "discord":
		v = discord(m)
	case "telegram":
		if v = telegram(m, w.Chat); t.token != "" {
			where = strings.TrimSuffix(where, "/") + "/bot" + t.token + "/sendMessage"
		}
	case "ntfy":
		topic := ""
		if where, topic, err = ntfyTopic(where); err != nil {
			return nil, "", err
		}
		v = ntfy(m, topic)
	}
	body, err = json.Marshal(v)
	return body, where, err
}

// ntfyTopic parts the address of a topic: JSON is posted to the server, and names the topic.
func ntfyTopic(text string) (server, topic string, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", "", fault("the url is no address")
	}
	path := strings.Trim(u.Path, "/")
	i := strings.LastIndexByte(path, '/')
	if topic = path[i+1:]; topic == "" {
		return "", "", fault("the url names no topic: https://ntfy.sh/TOPIC")
	}
	u.Path = "/" + path[:max(i, 0)]
	return u.String(), topic, nil
}

// wellFormed makes text that any JSON reader takes.
func wellFormed(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}
