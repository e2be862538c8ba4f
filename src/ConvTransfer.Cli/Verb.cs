using System.CommandLine;

namespace ConvTransfer.Cli;

/// <summary>One verb of the command line: what it takes, and the calls that it makes. It takes no decision that the API cannot take.</summary>
/// <param name="name">The word on the command line.</param>
/// <param name="description">What it does, in a sentence or two; also what its exit codes mean where they are special.</param>
/// <param name="examples">Whole command lines that work, for <c>--help</c>.</param>
internal abstract class Verb(string name, string description, params string[] examples)
{
    /// <summary>The word on the command line.</summary>
    public string Name { get; } = name;

    /// <summary>What it does.</summary>
    public string Description { get; } = description;

    /// <summary>Whole command lines that work.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>The arguments and options of this verb, in the order of <c>--help</c>; those that every verb has come behind them.</summary>
    public abstract IEnumerable<Symbol> Parameters { get; }

    /// <summary>Does the work.</summary>
    /// <exception cref="UsageException">The options contradict each other or name what is not there.</exception>
    /// <exception cref="Core.ConvTransferException">The work is refused.</exception>
    public abstract VerbResult Run(VerbContext context);
}
