package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"defenderline/bot/telegramsim"
)

// The place that the demo's defender shares: the main square of Ayacucho, Peru.
const (
	sampleLatitude  = -13.160441
	sampleLongitude = -74.225832
)

func placeText(latitude, longitude float64) string {
	return fmt.Sprintf("%.4f, %.4f", latitude, longitude)
}

// sampleFile is a small photo or voice message, made on the spot.
func sampleFile(kind string) (telegramsim.Attachment, error) {
	switch kind {
	case "photo":
		return telegramsim.Attachment{Kind: "photo", Name: "photo.png", Data: samplePhoto()}, nil
	case "voice":
		// The header of an Ogg page and silence: enough to be sealed and carried, not to be played.
		return telegramsim.Attachment{Kind: "voice", Name: "voice.ogg", Mime: "audio/ogg", Data: append([]byte("OggS\x00\x02"), make([]byte, 6000)...)}, nil
	}
	return telegramsim.Attachment{}, errors.New("the demo has a sample photo, a sample voice message and a sample place")
}

// samplePhoto is a grey picture of a door.
func samplePhoto() []byte {
	const width, height = 320, 240
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			shade := uint8(200 - y/4)
			if x > 110 && x < 210 && y > 40 {
				shade = uint8(90 + (x*y)%17)
			}
			img.SetGray(x, y, color.Gray{Y: shade})
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // into memory, of a valid size: cannot fail
	return out.Bytes()
}
