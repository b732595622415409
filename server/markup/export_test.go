package markup

// Sanitise lets a test clean what is clean already.
var Sanitise = sanitise
