namespace ConvTransfer.Cli;

/// <summary>The exit codes that every verb has. A process that a signal ended exits with 128 and the signal's number.</summary>
internal static class ExitCode
{
    /// <summary>The work is done.</summary>
    public const int Done = 0;

    /// <summary>The work was refused or failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line asks for something that there is not.</summary>
    public const int WrongUsage = 2;

    /// <summary>The reader of standard output is gone; 128 and SIGPIPE.</summary>
    public const int ReaderGone = 141;
}
