package spec

// placeNodes gives what JavaScript exported its places in the text: the objects of root are matched to the object literals
// of the text that are most like them. What was made by a call or in another file stays without.
func placeNodes(root *node, file, text string) {
	m := matching{all: literals(file, text), budget: 20_000_000}
	if root.kind == isObject {
		if best := m.mostLike(root, nil); best != nil {
			setPlaces(root, best)
		}
	}
	apps := root
	for _, word := range []string{"pm2", "apps"} {
		if inner := root.get(word); inner != nil {
			apps = inner
		}
	}
	taken := map[*literal]bool{}
	for _, app := range apps.each() {
		if app.kind != isObject || app == root {
			continue
		}
		if best := m.mostLike(app, taken); best != nil {
			taken[best] = true
			setPlaces(app, best)
		}
	}
}

// A matching bounds the work on a file of many apps: beyond its budget of comparisons places are not worth their time.
type matching struct {
	all    []*literal
	budget int
}

// mostLike is the literal with most of the keys of n, the first of them, and rather one that is not taken; nil where
// none has any. A name that is the same outweighs all.
func (x *matching) mostLike(n *node, taken map[*literal]bool) (best *literal) {
	if x.budget -= len(x.all) * len(n.members); x.budget < 0 {
		return nil
	}
	most := 0
	for _, o := range x.all {
		likeness := 0
		for _, m := range n.members {
			k := o.key(m.key)
			switch {
			case k == nil:
			case m.key == "name" && k.text != "" && k.text == m.value.text:
				likeness += 200
			default:
				likeness += 2
			}
		}
		if likeness > 0 && !taken[o] {
			likeness++
		}
		if likeness > most {
			best, most = o, likeness
		}
	}
	return best
}

// setPlaces gives the members of n, and of the objects in it, the places of o.
func setPlaces(n *node, o *literal) {
	n.at = o.at
	for i := range n.members {
		m := &n.members[i]
		k := o.key(m.key)
		if k == nil {
			continue
		}
		m.at = k.at
		if k.object != nil && m.value.kind == isObject {
			setPlaces(m.value, k.object)
		}
	}
}
