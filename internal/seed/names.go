package seed

import "fmt"

// Names that nobody has: given names and halves of family names.
var (
	givenNames = []string{"Alder", "Brisa", "Calloway", "Dovie", "Emberly", "Fenwick", "Garnet", "Hollis", "Isolde", "Juniper",
		"Kestrel", "Linnea", "Marlow", "Nerissa", "Orrin", "Posy", "Quillan", "Rowena", "Sorrel", "Tamsin", "Umber", "Verity",
		"Wilder", "Xanthe", "Yarrow", "Zephyr"}
	familyStarts = []string{"Amber", "Birch", "Clover", "Dapple", "Ember", "Fern", "Gorse", "Hazel", "Indigo", "Jasper", "Kindle",
		"Laurel", "Meadow", "Nettle", "Otter", "Pebble", "Quartz", "Russet", "Saffron", "Thistle", "Umber", "Velvet", "Willow", "Yonder"}
	familyEnds = []string{"brook", "dale", "field", "gate", "hollow", "leaf", "mere", "ridge", "stone", "thorn", "water", "wick"}

	providers = []string{"Larkspur Clinic North", "Larkspur Clinic Riverside", "Fernmere Imaging", "Thistledown Surgery Center",
		"Otterbrook Family Medicine", "Saffron Ridge Hospital", "Pebblewick Laboratory", "Hazelgate Physical Therapy"}
	services = []string{"Office visit", "Blood test", "X-ray", "Flu vaccine", "Physical therapy", "Follow-up visit", "MRI scan",
		"Urgent care visit", "Colon cancer screening", "Eye exam"}
	insurer = "Larkspur Health Plan"
	banks   = []string{"011000015", "121000358", "091000019"} // routing numbers whose checksum is right
	brands  = []string{"visa", "mastercard", "discover", "amex"}
	states  = []string{"CO", "MN", "NM", "OH", "OR", "PA", "VT", "WI"}
)

func (d *draw) givenName() string  { return pick(d, givenNames) }
func (d *draw) familyName() string { return pick(d, familyStarts) + pick(d, familyEnds) }
func (d *draw) phone() string      { return fmt.Sprintf("%d-555-01%02d", 201+d.n(700), d.n(100)) }
