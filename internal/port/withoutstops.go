package port

// withoutStops notes what of a stop the other's words cannot say.
func withoutStops(s *Project, p Process, of string) {
	if len(p.Stop.Pre) > 0 {
		s.note(p.Name, "stop.pre: %s has none", of)
	}
	if p.Stop.SecondSignal != "" {
		s.note(p.Name, "stop.second_signal: %s has none", of)
	}
}
