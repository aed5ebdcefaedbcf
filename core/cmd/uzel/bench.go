package main

import "github.com/spf13/cobra"

func (c *cli) bench() *cobra.Command {
	return &cobra.Command{Use: "bench", Hidden: true}
}
