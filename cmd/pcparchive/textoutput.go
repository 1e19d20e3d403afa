package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/store"
)

// checkOutput refuses to replace a file of the input.
func checkOutput(path string, operands []string) error {
	if input, ok := store.InputOf(path, splitOperands(operands)); ok {
		return usageError{fmt.Errorf("%s is part of the input %s; choose another name", path, input)}
	}
	return nil
}

// toOutput calls write for standard output or, as [expo.WriteFile] does, for a file.
func toOutput(ctx context.Context, s streams, path string, write func(io.Writer) error) error {
	if path == "" || path == "-" {
		return write(ctxio.NewWriter(ctx, exact(s.out)))
	}
	return expo.WriteFile(ctx, path, write)
}

// writtenOutput is the JSON that a verb prints about a text file.
type writtenOutput struct {
	File   string           `json:"file"`
	Losses []prom.LossCount `json:"losses"`
}

// checkTextReport rejects a JSON report on standard output if the text goes there.
func checkTextReport(file string, format outputFormat) error {
	if format == outputJSON && (file == "" || file == "-") {
		return usageError{errors.New("--output json reports about a file, and the text goes to standard output: name a file for it")}
	}
	return nil
}

// printWritten prints a report about a text file as JSON. Text output needs no report.
func printWritten(s streams, file string, format outputFormat, report *prom.Report) error {
	if format != outputJSON {
		return nil
	}
	return writeJSON(s.out, writtenOutput{File: file, Losses: report.Losses()})
}
