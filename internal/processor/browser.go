package processor

// BrowserConfig is what a page needs to show the processor's own card fields. It holds no secret.
type BrowserConfig struct {
	ScriptURL      string   // the processor's script, loaded on the card step only
	PublishableKey string   // names the account to that script
	FrameOrigins   []string // origins of its frames, for frame-src
	ConnectOrigins []string // origins its script talks to, for connect-src
	ActionOrigins  []string // origins a payer may be sent to for the bank's check, where they are known; for form-action
}

// BrowserForms is the capability of a processor whose card fields live in its own frame on our page. Find it once at
// start by a type assertion on Cards.
type BrowserForms interface {
	// Browser returns what the card step needs. It is fixed for the life of the processor.
	Browser() BrowserConfig
}
