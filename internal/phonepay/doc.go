// Package phonepay lets a caller pay who has proved who they are: by a link that they open on their own device, or from a
// bank account that they read out. No card number is ever said to the desk or typed there.
package phonepay
