package pluginhost_test

// hubEnv names the folder of a hub that this process is to play.
const hubEnv = "UZEL_TEST_HUB"

func runHub(string) {}
