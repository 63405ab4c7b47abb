// Package ui is the design system of every page: the frame, fields, lists and messages, their style sheet, and a little
// script. It knows the brand and the words; it knows nothing of bills, payments, requests or databases.
//
// A page is a templ component that takes a Page and a struct of ready-made values:
//
//	templ findPage(p ui.Page, v findView) {
//		@ui.Layout(p) {
//			@ui.Heading(p, p.T("find.title"))
//			@ui.Form(p, ui.FormProps{Action: "/pay"}) {
//				@ui.TextField(p, ui.Field{
//					Name: "number", Label: p.T("find.number"), Hint: p.T("find.number.hint"),
//					Value: v.Number, Error: p.Problem("number"), Autocomplete: "off", Digits: true,
//				})
//				@ui.DateField(p, ui.Date{
//					Name: "birth", Label: p.T("find.birth"), Month: v.Month, Day: v.Day, Year: v.Year,
//					Error: p.Problem("birth"), Birth: true,
//				})
//				@ui.Continue(p)
//			}
//		}
//	}
//
// and its handler fills in the Page:
//
//	p := ui.Page{Title: w.T("find.title"), W: w, Brand: b, Path: "/pay", CSRF: token, Step: ui.Step{Number: 1, Total: 5},
//		Problems: []ui.Problem{{Field: "number", Text: w.T("error.number.required")}}}
//
// What the frame takes care of: Problems are shown first, linked to their fields, and named in the tab's title; the
// language links keep the page; the footer has phone and hours. What a page must do: one h1 (Heading, PanelFor, Hero or
// Choices with Title), every text from the catalogs, every amount from Words.Amount.
//
// Rules that hold everywhere. No style attributes and no inline script: the content security policy forbids both, so
// anything that needs a look gets a component here. Every form works without script; app.js only keeps a form from being
// sent twice, shows the print button, moves the focus to the problems, and reloads a page that asks for it with
// RefreshAfter. Nothing is told by colour alone. Targets are at least 44 pixels high. Pages hold at 320 pixels.
//
// Mount Assets at AssetPath. Pages link to hashed addresses, so answers are kept by browsers for good.
//
// After a change of a .templ file run `templ generate`; the generated files are part of the tree.
package ui
