package rest

import (
	"io"
	"net/http"
	"time"
)

// patientReader lets a slow body take its time as long as it moves.
type patientReader struct {
	io.ReadCloser
	control *http.ResponseController
}

func patient(control *http.ResponseController, body io.ReadCloser) io.ReadCloser {
	return &patientReader{ReadCloser: body, control: control}
}

// Read implements io.Reader. The deadline does not outlive the read: net/http
// takes one that passes later for a caller who has gone.
func (r *patientReader) Read(p []byte) (int, error) {
	r.control.SetReadDeadline(time.Now().Add(idleTimeout)) //nolint:errcheck // without a connection there is no limit
	defer r.control.SetReadDeadline(time.Time{})           //nolint:errcheck // the same
	return r.ReadCloser.Read(p)
}

// patientWriter lets a slow reader take its time as long as it reads.
type patientWriter struct {
	*recorder
	control *http.ResponseController
}

func newPatientWriter(w *recorder) patientWriter {
	return patientWriter{recorder: w, control: http.NewResponseController(w)}
}

// Write implements http.ResponseWriter.
func (w patientWriter) Write(p []byte) (int, error) {
	w.control.SetWriteDeadline(time.Now().Add(idleTimeout)) //nolint:errcheck // without a connection there is no limit
	return w.recorder.Write(p)
}
