"""Where a simulation departs from real people."""
