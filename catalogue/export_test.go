package catalogue

// Parts returns the number of archives that a Catalogue remembers.
func Parts(c *Catalogue) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables.mu.RLock()
	defer c.tables.mu.RUnlock()
	return len(c.tables.parts)
}
