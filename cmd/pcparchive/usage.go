package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/internal/similar"
)

// usageError is a mistake in the command line. Its message names the flag that is wrong,
// or the verb if the operands are. The name of the program and the command that prints
// help stand around the message; see printError.
type usageError struct{ error }

// verbName returns the words that call a command, without the name of the program.
func verbName(cmd *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()), " ")
}

// wrongOperands returns the error that the operands of a command are wrong.
func wrongOperands(cmd *cobra.Command, format string, args ...any) error {
	return usageError{fmt.Errorf("%s: %s", verbName(cmd), fmt.Sprintf(format, args...))}
}

// nargs checks the number of arguments.
func nargs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		if len(args) == 0 {
			return wrongOperands(cmd, "want %s, got no arguments", what)
		}
		return wrongOperands(cmd, "want %s, got %s", what, plural(len(args), "argument"))
	}
}

// helpOnly runs a command that only has subcommands.
func helpOnly(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return cmd.Help()
}

// refuseUnknownTopics makes the help command fail for an unknown topic.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(cmd *cobra.Command, args []string) error {
		known, rest, err := cmd.Root().Find(args)
		if err == nil && len(rest) == 0 {
			return nil
		}
		return unknownCommand(known, args[len(args)-len(rest)])
	}
}

// unknownCommand returns the error for an unknown subcommand, with similar names.
func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2 // cobra's own default, which it sets too late
	like := cmd.SuggestionsFor(name)
	if len(like) == 0 && name == "version" {
		like = []string{"--version"}
	}
	group := verbName(cmd)
	if group != "" {
		group += " "
		for i := range like {
			like[i] = group + like[i]
		}
	}
	return unknown(fmt.Sprintf("command %q", group+name), like)
}

// unknown returns the error for a command or a flag that does not exist. like are those
// that the user may have meant.
func unknown(what string, like []string) error {
	if len(like) == 0 {
		return usageError{fmt.Errorf("unknown %s", what)}
	}
	return usageError{fmt.Errorf("unknown %s; did you mean %s?", what, strings.Join(like, " or "))}
}

// flagError returns the error for flags that pflag refuses. If the command only has
// subcommands, its operand is the mistake, as in "exprot -o data".
func flagError(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	var missing *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing):
		return unknownFlag(cmd, missing)
	case errors.As(err, &empty):
		return usageError{fmt.Errorf("%s needs a value", dashed(empty.GetSpecifiedName()))}
	case errors.As(err, &invalid):
		return invalidValue(invalid)
	}
	return usageError{err}
}

// invalidValue returns the error for a value that a flag refuses.
func invalidValue(err *pflag.InvalidValueError) error {
	flag, reason := "--"+err.GetFlag().Name, plainValueError(err.Unwrap())
	if value := strconv.Quote(err.GetValue()); !strings.Contains(reason.Error(), value) {
		flag += " " + value
	}
	return usageError{fmt.Errorf("%s: %w", flag, reason)}
}

// unknownFlag returns the error for an unknown flag, with similar names.
func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name := err.GetSpecifiedName()
	switch letters := err.GetSpecifiedShortnames(); {
	case letters == "": // a long name
	case strings.HasPrefix(letters, name) && len(letters) > len(name):
		return unknown(fmt.Sprintf("flag -%s in -%s", name, letters), nil)
	default: // one letter, or several bytes of which pflag looks at the first
		return unknown("flag -"+letters, nil)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	like := similar.Names(name, slices.Values(names))
	for i := range like {
		like[i] = "--" + like[i]
	}
	return unknown("flag --"+name, like)
}

// dashed returns a flag as the command line has it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// parsing matches the error of the standard library for text that is not a number.
var parsing = lazyregexp.New(`strconv\.(\w+): parsing ".*": (invalid syntax|value out of range)`)

// plainValueError replaces the name of the function that failed by the value that the
// flag needs.
func plainValueError(err error) error {
	m := parsing().FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	want := "want a whole number"
	switch m[1] {
	case "ParseBool":
		want = "want true or false"
	case "ParseFloat":
		want = "want a number"
	}
	if m[2] == "value out of range" {
		want = strings.Replace(want, "want a", "want a smaller", 1)
	}
	return errors.New(strings.Replace(err.Error(), m[0], want, 1))
}
