// What the product prints while a test runs belongs to that test's output, not to the runner's.
[assembly: CaptureConsole]
