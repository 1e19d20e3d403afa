package pcp_test

import (
	"fmt"
	"log"

	"github.com/pcparchive/pcparchive/pcp"
)

// A metric's identifier has three parts, and its units a dimension and a scale.
func Example() {
	id := pcp.NewPMID(60, 0, 5)
	units, err := pcp.ParseUnits("Kbyte / sec")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id, id.Domain(), units.DimSpace, units.DimTime, units.ScaleSpace == pcp.SpaceKbyte)
	fmt.Println(pcp.ErrnoAgain)
	// Output:
	// 60.0.5 60 1 -1 true
	// Try again. Information not currently available
}
