using ConvTransfer.Core;

namespace ConvTransfer.Training;

/// <summary>Finds the names that a user may have meant by one that is not there.</summary>
internal static class NearNames
{
    private const int Most = 3, LeastShared = 3;

    /// <summary>The names that share the longest piece of text with the wanted one, as the end of a message; or what the message gives instead.</summary>
    /// <param name="wanted">A name, or a pattern with * and ?.</param>
    /// <param name="names">What there is.</param>
    /// <param name="otherwise">What to say where nothing is near.</param>
    public static string Hint(string wanted, IEnumerable<string> names, string otherwise)
    {
        // A piece that is less than half of what was wanted tells nothing.
        string[] pieces = wanted.Split('*', '?');
        int least = Math.Max(LeastShared, (pieces.Max(p => p.Length) + 1) / 2);
        var near = names.Distinct().Select(name => (Name: name, Shared: pieces.Max(piece => Shared(piece, name)))).Where(n => n.Shared >= least).ToArray();
        if (near.Length == 0) return otherwise;
        int longest = near.Max(n => n.Shared);
        string[] shown = [.. near.Where(n => n.Shared == longest).Select(n => n.Name).Order(StringComparer.Ordinal)];
        return $"similar names: {DisplayText.List(shown, Most)}";
    }

    // The length of the longest text that both hold, whatever the case of its letters.
    private static int Shared(string a, string b)
    {
        int longest = 0;
        int[] ends = new int[b.Length + 1];
        foreach (char x in a)
        {
            for (int j = b.Length; j > 0; j--)
            {
                ends[j] = char.ToUpperInvariant(x) == char.ToUpperInvariant(b[j - 1]) ? ends[j - 1] + 1 : 0;
                longest = Math.Max(longest, ends[j]);
            }
        }
        return longest;
    }
}
