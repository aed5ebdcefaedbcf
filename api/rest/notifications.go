package rest

import "github.com/uzel-hub/uzel/core"

// notifications sets what the caller wants to hear of.
func (s *Server) notifications(c *call) (answer, error) {
	var in core.NotificationSettings
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	kept, err := s.Access.SetNotifications(c.ctx(), c.who.User.ID, in)
	return ok(showNotify(kept)), err
}
