namespace ConvTransfer.Core;

/// <summary>The one exception for bad content: a file, a picture, a data set or a limit. Wrong arguments are the base library's.</summary>
public sealed class ConvTransferException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="cause">The kind of fault.</param>
    /// <param name="message">What, expected, actual and what to do; the file's name is put in front.</param>
    /// <param name="file">The file at fault, or null.</param>
    /// <param name="node">The node at fault as <see cref="DisplayText"/> shows it, or null.</param>
    /// <param name="problems">All problems found, when there are several.</param>
    /// <param name="innerException">What was wrapped, or null.</param>
    public ConvTransferException(FailureCause cause, string message, string? file = null, string? node = null, IReadOnlyCollection<Problem>? problems = null, Exception? innerException = null)
        : base(file is null ? message : $"{DisplayText.Escape(file)}: {message}", innerException)
    {
        Cause = cause;
        File = file;
        Node = node;
        Detail = message;
        Problems = problems ?? [new Problem(cause, message, node)];
    }

    /// <summary>The kind of fault.</summary>
    public FailureCause Cause { get; }

    /// <summary>The file at fault as the caller named it, or null.</summary>
    public string? File { get; }

    /// <summary>The node at fault, or null.</summary>
    public string? Node { get; }

    /// <summary>The message without the file's name.</summary>
    public string Detail { get; }

    /// <summary>Everything that was found, warnings included.</summary>
    public IReadOnlyCollection<Problem> Problems { get; }

    /// <summary>The same fault with the file's name, where it was not known yet.</summary>
    public ConvTransferException WithFile(string file) => File is not null ? this : new(Cause, Detail, file, Node, Problems, InnerException);
}
