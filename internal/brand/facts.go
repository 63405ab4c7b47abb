package brand

// Facts are what texts of the help center may say about the organisation, by the names that help.FactNames lists. A value
// with a link is "label|target"; what is not set is not there. site is the public address.
func (b *Brand) Facts(site string) map[string]string {
	f := map[string]string{"name": b.Name, "phone": b.Phone.Display + "|tel:" + b.Phone.Dial, "mail": b.Mail.From, "site": site,
		"medical": b.Payees.Medical.Descriptor, "premium": b.Payees.Premium.Descriptor}
	if b.TTY.Dial != "" {
		f["tty"] = b.TTY.Display + "|tel:" + b.TTY.Dial
	}
	return f
}
