// Package brand is the white label: everything about the organisation that runs the portal and that members see or that
// leaves the house under its name. It reads one JSON file, validates it as a whole, and derives from it what pages need:
// a style sheet for light and dark, the logo, and whether the phone is answered right now.
//
//	b, err := brand.Load("brand.json")   // or brand.Default() for the demo organisation
//	b.Name, b.Phone.Display, b.Payee("medical").LegalName
//	b.Hours(time.Now())                  // open until ..., or opens again at ...
//	b.CSS()                              // custom properties, light and dark
//
// A brand never changes after it was loaded and is safe for concurrent use. The package writes nothing, fetches nothing,
// and knows nothing of pages, bills or payments. Texts that differ by language are Text; their Spanish is required.
package brand
