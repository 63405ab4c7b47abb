package seal

// Column is one column of sealed values, so that they can be found and sealed again with a newer key. Each package lists
// its own in SealedColumns; a test holds the lists against the schema.
type Column struct {
	Table string
	Key   string // the table's primary key, one column of text
	Name  string
}

// Place is what the value in the row with this key is sealed for.
func (c Column) Place(key string) string { return c.Table + "/" + key + "/" + c.Name }

func (c Column) String() string { return c.Table + "." + c.Name }
