using System.Collections;
using System.Text;

namespace ConvTransfer.Core;

/// <summary>Collects everything that is found wrong with one input, so that it is reported at once and not piece by piece.</summary>
/// <remarks>Keeps <see cref="MaxKept"/> problems and counts the rest. Not safe for concurrent use.</remarks>
public sealed class ProblemList : IReadOnlyCollection<Problem>
{
    /// <summary>The number of problems that are kept and shown.</summary>
    public const int MaxKept = 50;

    /// <summary>The greatest length of a combined message, in UTF-16 units: below 4 KiB also when a third of it needs two bytes.</summary>
    private const int MaxMessage = 3000;

    private readonly List<Problem> _kept = [];
    private int _errors;

    /// <summary>The number of problems that were added, the ones not kept included.</summary>
    public int Count { get; private set; }

    /// <summary>True when at least one problem is an error.</summary>
    public bool HasErrors => _errors > 0;

    /// <summary>The errors that were kept.</summary>
    public IEnumerable<Problem> Errors => _kept.Where(p => !p.IsWarning);

    /// <summary>The warnings that were kept.</summary>
    public IEnumerable<Problem> Warnings => _kept.Where(p => p.IsWarning);

    /// <summary>Adds one problem.</summary>
    public void Add(Problem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        Count++;
        if (!problem.IsWarning) _errors++;
        if (_kept.Count < MaxKept) _kept.Add(problem);
    }

    /// <summary>Adds an error.</summary>
    public void Error(FailureCause cause, string message, string? node = null) => Add(new Problem(cause, message, node));

    /// <summary>Adds a warning.</summary>
    public void Warn(FailureCause cause, string message, string? node = null) => Add(new Problem(cause, message, node, IsWarning: true));

    /// <summary>Throws one exception that lists every error, or returns when there is none.</summary>
    /// <exception cref="ConvTransferException">At least one error was added; its cause and node are the first error's.</exception>
    public void ThrowIfErrors(string? file)
    {
        if (!HasErrors) return;
        var errors = Errors.ToArray();
        if (errors.Length == 0) throw new ConvTransferException(FailureCause.ModelInvalid, $"{_errors} errors after {MaxKept} warnings", file);
        throw new ConvTransferException(errors[0].Cause, Describe(errors), file, errors[0].Node, this);
    }

    private string Describe(Problem[] errors)
    {
        if (errors.Length == 1 && _errors == 1) return errors[0].Message;
        var text = new StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{_errors} problems:");
        int shown = 0;
        foreach (var error in errors)
        {
            if (text.Length + error.Message.Length > MaxMessage) break;
            text.Append("\n  ").Append(error.Message);
            shown++;
        }
        if (shown < _errors) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n  and {_errors - shown} more");
        return text.ToString();
    }

    /// <inheritdoc/>
    public IEnumerator<Problem> GetEnumerator() => _kept.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
