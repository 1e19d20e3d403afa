package receive

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The protocol of pmproxy 7, for receivers and senders.
const (
	// Root begins all paths.
	Root = "/logger/"
	// PathPing answers whether the server receives archives.
	PathPing = Root + "ping"
	// PathLabel takes the archive label, and replies with the number of the archive.
	PathLabel = Root + "label"
	// PathMeta, PathIndex and PathVolume take bytes of a file. The number of the archive
	// follows, and before it that of the volume.
	PathMeta   = Root + "meta/"
	PathIndex  = Root + "index/"
	PathVolume = Root + "volume/"
	// PathStatus replies with the sizes of the files of an archive. pmproxy lacks it.
	PathStatus = Root + "status/"
	// PathFinish publishes an archive. pmproxy lacks it.
	PathFinish = Root + "finish/"

	// ParamOffset is the offset of a part in its file. pmproxy lacks it.
	ParamOffset = "offset"
	// ParamTimeout is the number of seconds after which an archive is complete if nothing
	// more arrives.
	ParamTimeout = "polltimeout"
	// ParamClient is returned in the reply.
	ParamClient = "client"

	// PartType is the type of parts, and ReplyType that of replies. Clients compare
	// ReplyType byte by byte.
	PartType  = "application/octet-stream"
	ReplyType = "application/json"

	// DefaultPort is the port of pmproxy.
	DefaultPort = "44322"
	// MaxPart is the longest part, as in pmproxy.
	MaxPart = 10 << 20
	// MaxVolumes is the number of volumes that an archive may have, as in pmproxy.
	MaxVolumes = 5000
)

// maxRecord is the longest record.
const maxRecord = 32 << 20

// Reply is the body of a reply. Its order of fields is part of the protocol: clients
// match {"archive":NUMBER,"success":true} as text.
type Reply struct {
	Archive uint32 `json:"archive,omitempty"`
	Client  string `json:"client,omitempty"`
	// Offset is where the file continues, in the refusal of a part.
	Offset int64 `json:"offset,omitempty"`
	// Meta, Index and Volumes are the sizes of the files, in a status.
	Meta    int64            `json:"meta,omitempty"`
	Index   int64            `json:"index,omitempty"`
	Volumes map[string]int64 `json:"volumes,omitempty"`
	// Path is where the archive was published, below the receiver's folder.
	Path    string `json:"path,omitempty"`
	Message string `json:"message,omitempty"`
	Success bool   `json:"success"`
}

// Refusal is the reason why a request is not accepted, for the client.
type Refusal struct {
	Status     int // of HTTP
	Reason     string
	Offset     int64         // where the file continues; 0 if unknown
	RetryAfter time.Duration // zero means that the client need not try again
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// The statuses that clients explain to their users. They call others a server error.
const (
	statusBad      = http.StatusBadRequest          // wrong path, parameter or bytes
	statusConflict = http.StatusConflict            // there already, or out of order
	statusGone     = http.StatusGone                // the number is unknown, or the archive complete
	statusLabel    = http.StatusUnprocessableEntity // wrong archive label
)

// write sends the reply.
func (r *Reply) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", ReplyType)
	body, err := json.Marshal(r)
	if err != nil { // a Reply has no value that JSON lacks
		status, body = http.StatusInternalServerError, []byte(`{"success":false}`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\r', '\n')) // fails if the client has left
}
