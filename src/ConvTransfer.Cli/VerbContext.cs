using System.CommandLine;
using ConvTransfer.Core;

namespace ConvTransfer.Cli;

/// <summary>What a verb is given: the parsed command line, the common options, and where to say how it goes.</summary>
/// <param name="parsed">The parsed command line.</param>
/// <param name="progress">Where long work reports; null where no bar is shown.</param>
/// <param name="log">Takes one line for standard error.</param>
/// <param name="cancellationToken">Ends the work early.</param>
internal sealed class VerbContext(ParseResult parsed, IProgress<ProgressReport>? progress, Action<string> log, CancellationToken cancellationToken)
{
    /// <summary>Where long work reports; null where no bar is shown.</summary>
    public IProgress<ProgressReport>? Progress { get; } = progress;

    /// <summary>Ends the work early.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>The limits, with <c>--memory-limit</c>.</summary>
    public Limits Limits { get; } = parsed.GetValue(CommonOptions.MemoryLimit) is long bytes ? Limits.Default with { MemoryBytes = bytes } : Limits.Default;

    /// <summary>The number of threads from <c>--threads</c>; 0 for one per processor.</summary>
    public int Threads => Get(CommonOptions.Threads);

    /// <summary>The value of an option; its default where it is not given.</summary>
    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>The value of an argument.</summary>
    public T Get<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);

    /// <summary>True when the user gave the option.</summary>
    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Says something on standard error that is no result.</summary>
    public void Log(string line) => log(line);

    /// <summary>Says on standard error what was found that does not stop the work.</summary>
    public void Warn(IEnumerable<Problem> problems)
    {
        foreach (var problem in problems)
            if (problem.IsWarning) log(problem.ToString());
    }
}
