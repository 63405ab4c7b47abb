package brand

import (
	"fmt"
	"strings"
)

// Colors are the few colours an organisation chooses. Each is "#rrggbb"; one that is left out gets the built-in value,
// or, for the primary and accent of the dark theme, a lighter shade of the light one.
type Colors struct {
	Light Theme `json:"light"`
	Dark  Theme `json:"dark"`
}

// Theme is the colours of one theme. Borders, soft backgrounds, hover shades and muted text are derived.
type Theme struct {
	Primary string `json:"primary"` // buttons, links, focus ring
	Accent  string `json:"accent"`  // progress and small ornaments; never text
	Page    string `json:"page"`    // behind everything
	Surface string `json:"surface"` // cards and fields
	Text    string `json:"text"`
	Success string `json:"success"`
	Warning string `json:"warning"`
	Danger  string `json:"danger"`
}

var builtin = Colors{
	Light: Theme{Primary: "#4c3fb0", Accent: "#c2661a", Page: "#faf6f0", Surface: "#ffffff", Text: "#241e38",
		Success: "#17694a", Warning: "#835200", Danger: "#a8263a"},
	Dark: Theme{Primary: "#bbb2ff", Accent: "#f0a861", Page: "#15121e", Surface: "#201c2d", Text: "#f0ecf7",
		Success: "#7fd9b0", Warning: "#f2c76e", Danger: "#ffa6a0"},
}

// role is one colour of a theme together with the field it comes from.
type role struct {
	field string // "primary"
	color rgb
	bad   string // the value as configured, where it is not a colour
}

// palette is a whole theme: the configured colours and the derived ones.
type palette struct {
	theme                                                                string // "light" or "dark"
	source                                                               Theme  // every colour as used, for remedies
	page, surface, text, primary, accent, success, warning, danger       role
	sunken, muted, line, fieldLine, onPrimary, primaryHover, primarySoft rgb
	successSoft, warningSoft, dangerSoft                                 rgb
}

func (c Colors) palettes() (light, dark palette) {
	light = c.Light.palette("light", builtin.Light)
	fallback := builtin.Dark
	if c.Light.Primary != "" {
		fallback.Primary = lighter(light.primary.color, c.Dark, fallback)
	}
	if c.Light.Accent != "" {
		fallback.Accent = lighter(light.accent.color, c.Dark, fallback)
	}
	return light, c.Dark.palette("dark", fallback)
}

// lighter turns a colour of the light theme into one that reads well on the dark theme's surfaces.
func lighter(c rgb, dark, fallback Theme) string {
	surface, err := parseColor(first(dark.Surface, fallback.Surface))
	if err != nil {
		surface, _ = parseColor(fallback.Surface)
	}
	shade, _ := c.until(white, 7, surface)
	return shade.String()
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (t Theme) palette(theme string, fallback Theme) palette {
	read := func(field, value, instead string) role {
		c, err := parseColor(first(value, instead))
		if err != nil {
			c, _ = parseColor(instead)
			return role{field: field, color: c, bad: value}
		}
		return role{field: field, color: c}
	}
	p := palette{
		theme:   theme,
		page:    read("page", t.Page, fallback.Page),
		surface: read("surface", t.Surface, fallback.Surface),
		text:    read("text", t.Text, fallback.Text),
		primary: read("primary", t.Primary, fallback.Primary),
		accent:  read("accent", t.Accent, fallback.Accent),
		success: read("success", t.Success, fallback.Success),
		warning: read("warning", t.Warning, fallback.Warning),
		danger:  read("danger", t.Danger, fallback.Danger),
	}
	p.source = Theme{Primary: p.primary.color.String(), Accent: p.accent.color.String(), Page: p.page.color.String(),
		Surface: p.surface.color.String(), Text: p.text.color.String(), Success: p.success.color.String(),
		Warning: p.warning.color.String(), Danger: p.danger.color.String()}
	text, surface, page := p.text.color, p.surface.color, p.page.color
	p.sunken = page.mix(p.accent.color, 0.03).mix(text, 0.025)
	p.line = surface.mix(text, 0.14)
	p.primarySoft = surface.mix(p.primary.color.vivid(), 0.09)
	p.successSoft = surface.mix(p.success.color.vivid(), 0.11)
	p.warningSoft = surface.mix(p.warning.color.vivid(), 0.13)
	p.dangerSoft = surface.mix(p.danger.color.vivid(), 0.07)
	p.muted, _ = text.mix(surface, 0.36).until(text, 4.6, append(p.softs(), page, surface, p.sunken)...)
	p.fieldLine, _ = surface.mix(text, 0.42).until(text, 3.1, append(p.softs(), page, surface, p.sunken)...)
	p.primaryHover, p.onPrimary = p.primary.color.mix(text, 0.28), white
	if theme == "dark" {
		p.primaryHover, p.onPrimary = p.primary.color.mix(white, 0.35), page
	}
	if contrast(p.onPrimary, p.primary.color) < needText {
		p.onPrimary = away(p.primary.color)
	}
	return p
}

// softs are the tinted backgrounds that hold text and fields.
func (p palette) softs() []rgb {
	return []rgb{p.primarySoft, p.successSoft, p.warningSoft, p.dangerSoft}
}

// pairing is two colours that meet on a page.
type pairing struct {
	front role
	back  rgb
	where string // what it is on, in words
	need  float64
}

const (
	needText = 4.5 // WCAG 1.4.3
	needUI   = 3.0 // WCAG 1.4.11
)

// pairings lists every meeting of two colours in the style sheet of the pages.
func (p palette) pairings() []pairing {
	list := []pairing{
		{p.text, p.page.color, "the page background", needText},
		{p.text, p.surface.color, "the surface of cards and fields", needText},
		{p.text, p.sunken, "the shaded background", needText},
		{role{field: "text", color: p.muted}, p.page.color, "the page background, as quiet text", needText},
		{role{field: "text", color: p.muted}, p.surface.color, "the surface, as quiet text", needText},
		{role{field: "text", color: p.muted}, p.sunken, "the shaded background, as quiet text", needText},
		{role{field: "text", color: p.muted}, p.primarySoft, "the soft primary background, as quiet text", needText},
		{role{field: "text", color: p.fieldLine}, p.dangerSoft, "the soft danger background, as the edge of a field", needUI},
		{p.text, p.primarySoft, "the soft primary background", needText},
		{p.primary, p.page.color, "the page background, as a link", needText},
		{p.primary, p.surface.color, "the surface, as a link", needText},
		{p.primary, p.primarySoft, "its own soft background", needText},
		{p.primary, p.onPrimary, "the words of a button", needText},
		{role{field: "primary", color: p.primaryHover}, p.onPrimary, "the words of a button under the pointer", needText},
		{p.accent, p.page.color, "the page background, as an ornament", needUI},
		{p.accent, p.surface.color, "the surface, as an ornament", needUI},
		{role{field: "text", color: p.fieldLine}, p.surface.color, "the surface, as the edge of a field", needUI},
		{role{field: "text", color: p.fieldLine}, p.page.color, "the page background, as the edge of a field", needUI},
	}
	for _, s := range []struct {
		role role
		soft rgb
	}{{p.success, p.successSoft}, {p.warning, p.warningSoft}, {p.danger, p.dangerSoft}} {
		list = append(list,
			pairing{s.role, s.soft, "its own soft background", needText},
			pairing{s.role, p.surface.color, "the surface of cards and fields", needText},
			pairing{s.role, p.page.color, "the page background", needText},
			pairing{p.text, s.soft, "the soft " + s.role.field + " background", needText},
			pairing{role{field: "text", color: p.muted}, s.soft, "the soft " + s.role.field + " background, as quiet text", needText},
			pairing{p.primary, s.soft, "the soft " + s.role.field + " background, as a link", needText})
	}
	return list
}

// problems names each configured colour that is not a colour, and each pairing that is too close, with its ratio and a
// shade that would do.
func (p palette) problems() []Problem {
	var list []Problem
	for _, r := range []role{p.page, p.surface, p.text, p.primary, p.accent, p.success, p.warning, p.danger} {
		if r.bad != "" {
			list = append(list, Problem{Field: p.field(r), Value: r.bad, Reason: "is not a colour",
				Remedy: "write it with six hexadecimal digits, such as " + r.color.String()})
		}
	}
	if len(list) > 0 {
		return list
	}
	seen := map[string]bool{}
	for _, pair := range p.pairings() {
		ratio := contrast(pair.front.color, pair.back)
		if ratio >= pair.need || seen[pair.front.field] {
			continue
		}
		seen[pair.front.field] = true
		list = append(list, Problem{
			Field: p.field(pair.front), Value: pair.front.color.String(),
			Reason: fmt.Sprintf("has a contrast of %.2f to 1 with %s (%s); people with weak sight need at least %.1f to 1",
				ratio, pair.where, pair.back, pair.need),
			Remedy: p.remedy(pair),
		})
	}
	return list
}

func (p palette) field(r role) string { return "colors." + p.theme + "." + r.field }

// remedy suggests the nearest shade of the failed colour with which every pairing of its field passes.
func (p palette) remedy(failed pairing) string {
	start := p.source.field(failed.front.field)
	from, err := parseColor(*start)
	if err != nil {
		return "choose a colour first" // problems reports that case before
	}
	for i := 1; i <= 100; i++ {
		for _, toward := range []rgb{black, white} {
			try := p.source
			shade := from.mix(toward, float64(i)/100)
			*try.field(failed.front.field) = shade.String()
			if try.palette(p.theme, try).passes(failed.front.field) {
				return "use " + shade.String() + " or a shade further from the background"
			}
		}
	}
	return "choose page and surface colours that are both light, or both dark"
}

// passes reports whether every pairing of a field has the contrast it needs.
func (p palette) passes(field string) bool {
	for _, pair := range p.pairings() {
		if pair.front.field == field && contrast(pair.front.color, pair.back) < pair.need {
			return false
		}
	}
	return true
}

// field returns where the theme keeps a colour.
func (t *Theme) field(name string) *string {
	return map[string]*string{
		"primary": &t.Primary, "accent": &t.Accent, "page": &t.Page, "surface": &t.Surface, "text": &t.Text,
		"success": &t.Success, "warning": &t.Warning, "danger": &t.Danger,
	}[name]
}

// stylesheet writes both themes as custom properties. Paper is always the light theme.
func stylesheet(light, dark palette) string {
	return ":root{color-scheme:light dark;" + light.properties() + "}\n" +
		"@media screen and (prefers-color-scheme:dark){:root{" + dark.properties() + "}}\n"
}

func (p palette) properties() string {
	var s strings.Builder
	for _, v := range []struct {
		name  string
		color rgb
	}{
		{"page", p.page.color}, {"surface", p.surface.color}, {"sunken", p.sunken},
		{"text", p.text.color}, {"muted", p.muted}, {"line", p.line}, {"field-line", p.fieldLine},
		{"primary", p.primary.color}, {"primary-hover", p.primaryHover}, {"primary-soft", p.primarySoft}, {"on-primary", p.onPrimary},
		{"accent", p.accent.color},
		{"success", p.success.color}, {"success-soft", p.successSoft},
		{"warning", p.warning.color}, {"warning-soft", p.warningSoft},
		{"danger", p.danger.color}, {"danger-soft", p.dangerSoft},
	} {
		fmt.Fprintf(&s, "--%s:%s;", v.name, v.color)
	}
	return s.String()
}
