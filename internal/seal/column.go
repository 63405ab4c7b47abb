package seal

// Column is one column of sealed values. A package names its own, seals for their Place, and lists them in SealedColumns,
// so that a rotation finds what it has to seal again; a test holds the lists against the schema.
type Column struct {
	Table string
	Key   string // the table's primary key, one column of text
	Name  string
}

// Place is what the value in the row with this key is sealed for.
func (c Column) Place(key string) string { return c.Table + "/" + key + "/" + c.Name }

func (c Column) String() string { return c.Table + "." + c.Name }
