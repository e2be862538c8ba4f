using System.Globalization;
using System.Text;
using ConvTransfer.Core;

namespace ConvTransfer.Pipelines;

/// <summary>Features as text with commas: a header, then for each picture its file, its label and its features.</summary>
/// <remarks>Source: RFC 4180, lines ended by LF. Numbers are the shortest that give the same float32 back, the same on every machine.</remarks>
public static class FeatureCsv
{
    /// <summary>Writes a table; the target is either the whole new file or as it was.</summary>
    /// <exception cref="ConvTransferException">The file cannot be written.</exception>
    public static void Write(string path, FeatureTable features)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(features);
        DurableFile.Save(path, stream =>
        {
            using var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            text.Write("file,label");
            for (int k = 0; k < features.Width; k++) text.Write(string.Create(CultureInfo.InvariantCulture, $",f{k}"));
            text.WriteLine();
            for (int i = 0; i < features.Count; i++)
            {
                text.Write($"{Field(features.FileAt(i))},{Field(features.Labels[features.ClassAt(i)])}");
                foreach (float value in features.Row(i))
                {
                    text.Write(',');
                    text.Write(value.ToString("R", CultureInfo.InvariantCulture));
                }
                text.WriteLine();
            }
        });
    }

    private static string Field(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
