package telegramsim

import (
	"errors"
	"strconv"
)

// Attachment is a file a person sends: its kind, its name where phones send one, its bytes.
type Attachment struct {
	Kind    string // document, photo, voice, video, sticker
	Name    string
	Mime    string
	Data    []byte
	Caption string // up to 1024 UTF-16 units
}

// SendFile sends a file.
func (p *Phone) SendFile(a Attachment) (*Message, error) {
	m, err := p.attach(a)
	if err != nil {
		return nil, err
	}
	return p.post(m)
}

// SendAlbum sends 2 to 10 files as one album: messages in a row with one media group id.
func (p *Phone) SendAlbum(files ...Attachment) ([]*Message, error) {
	if len(files) < 2 || len(files) > 10 {
		return nil, errors.New("telegramsim: an album has 2 to 10 files")
	}
	album := make([]*Message, len(files))
	for i, a := range files {
		m, err := p.attach(a)
		if err != nil {
			return nil, err
		}
		album[i] = m
	}
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	group := strconv.FormatInt(13_000_000_000_000_000+p.chat.ids.Load(), 10)
	for _, m := range album {
		m.MediaGroupID = group
		if err := p.postLocked(m); err != nil {
			return nil, err
		}
	}
	return album, nil
}

// attach stores the file and makes the message around it.
func (p *Phone) attach(a Attachment) (*Message, error) {
	if len(a.Data) == 0 || utf16Length(a.Caption) > MaxCaption {
		return nil, errors.New("telegramsim: a file has bytes and a caption of up to 1024 UTF-16 units")
	}
	m := &Message{Caption: a.Caption, CaptionEntities: commandEntities(a.Caption)}
	f := p.srv.files.put(a.Kind+"s", a.Name, a.Mime, a.Data)
	seconds, no := 3, false
	switch a.Kind {
	case "document":
		m.Document = f
	case "photo":
		m.Photo = photoSizes(f)
	case "voice":
		f.FileName, f.Duration = "", &seconds
		m.Voice = f
	case "video":
		f.Duration, f.Width, f.Height = &seconds, 640, 480
		m.Video = f
	case "sticker":
		f.FileName, f.MimeType = "", ""
		f.Type, f.IsAnimated, f.IsVideo, f.Width, f.Height = "regular", &no, &no, 512, 512
		m.Sticker = f
	default:
		return nil, errors.New("telegramsim: a file is a document, photo, voice, video or sticker")
	}
	return m, nil
}
