using System.Text.RegularExpressions;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Names layers: by their node, a value that they make, or one of their weights. * stands for any characters, ? for one.</summary>
/// <param name="glob">The pattern.</param>
internal sealed class NamePattern(string glob)
{
    private readonly Regex _pattern = new($"^{Regex.Escape(glob).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal)}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>True when the pattern names this layer.</summary>
    public bool Names(Node node, IEnumerable<string> parameters) => _pattern.IsMatch(node.Name) || node.Outputs.Any(o => o.Length > 0 && _pattern.IsMatch(o)) || parameters.Any(_pattern.IsMatch);

    /// <summary>The first names of some layers, for messages.</summary>
    public static string Examples(IReadOnlyCollection<Node> layers) => DisplayText.List([.. layers.Select(l => l.Name.Length > 0 ? l.Name : l.Outputs[0])], most: 5);
}
