using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>Writes a one-file model once it has shown that it says what the pipeline says.</summary>
public static class OneFileExport
{
    /// <summary>The number of pictures on which a file is tried before it is written.</summary>
    public const int MaxChecked = 64;

    /// <summary>How far a score of the file may be from the pipeline's.</summary>
    public const float Tolerance = 1e-5f;

    /// <summary>Runs the model's own nodes on pictures, from the file to the class's name, and writes it when all scores are the pipeline's.</summary>
    /// <param name="model">What <see cref="OneFileModel.Build"/> made.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="expected">Picture files with the scores that the pipeline gives for them, in the order of the labels. Of more than <see cref="MaxChecked"/> that many are tried, spread evenly.</param>
    /// <param name="options">Threads and limits of the trial; null for the defaults.</param>
    /// <param name="cancellationToken">Stops before the next picture; nothing is written then.</param>
    /// <exception cref="ArgumentException">No picture is given, or the number of its scores is not that of the classes.</exception>
    /// <exception cref="ConvTransferException">A score differs by more than <see cref="Tolerance"/> or is not finite, or the file cannot be written: the target is as it was.</exception>
    public static void Write(Model model, string path, IReadOnlyList<(string File, ValueList<float> Scores)> expected, PipelineOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(expected);
        if (expected.Count == 0) throw new ArgumentException("at least one picture is needed to try the file on", nameof(expected));
        var tried = Spread(expected.Count).Select(i => expected[i]).ToArray();
        options ??= PipelineOptions.Default;
        using (var served = TransferModel.Load(model, options.Threads, options.Limits))
        {
            foreach (var (file, scores) in tried)
                if (scores.Count != served.Labels.Count) throw new ArgumentException($"picture '{DisplayText.Escape(file)}' has {scores.Count} scores for {served.Labels.Count} classes", nameof(expected));
            var actual = served.PredictBatch([.. tried.Select(t => t.File)], progress: null, cancellationToken);
            for (int i = 0; i < tried.Length; i++) Compare(served.Labels, tried[i].File, tried[i].Scores, actual[i].Scores, path);
        }
        if (model.MetadataValue(OneFileMetadata.Batch) == OneFileMetadata.AnyBatch) CheckBatch(model, tried[0].File, tried[0].Scores, path, options);
        cancellationToken.ThrowIfCancellationRequested();
        OnnxFile.Write(model, path);
    }

    /// <summary>The pictures of a data set on which a file is tried.</summary>
    internal static ImageDataset Tried(ImageDataset images) => new(images.Classes, Spread(images.Count).Select(i => images.Items[i]));

    /// <summary>Which of so many pictures a file is tried on: spread evenly, so that every class is tried.</summary>
    internal static IEnumerable<int> Spread(int pictures)
    {
        int count = Math.Min(MaxChecked, pictures);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * pictures / count));
    }

    // A file that promises to take several pictures at a time must treat each as if it came alone: here beside its negative, before and behind it.
    private static void CheckBatch(Model model, string file, ValueList<float> expected, string path, PipelineOptions options)
    {
        using var planner = new Planner(model, [OneFileModel.Scores], options.Limits);
        using var session = planner.CreateSession(options.Threads);
        using var picture = ImageReader.Read(file, options.Limits);
        using var pair = Tensor.Uninitialized(ElementType.UInt8, new Shape(2, picture.Shape[0], picture.Shape[1], 3));
        var labels = OneFileMetadata.ReadLabels(model.MetadataValue(OneFileMetadata.Labels)!);
        int bytes = (int)picture.ByteCount;
        for (int n = 0; n < 2; n++)
        {
            Span<byte> own = picture.AsBytes(), other = pair.AsBytes().Slice((1 - n) * bytes, bytes);
            own.CopyTo(pair.AsBytes()[(n * bytes)..]);
            for (int i = 0; i < bytes; i++) other[i] = (byte)(255 - own[i]);
            using var scores = session.Run(pair)[0];
            Compare(labels, file, expected, ValueList.Create<float>(scores.AsSpan<float>().Slice(n * expected.Count, expected.Count)), path);
        }
    }

    private static void Compare(ValueList<string> labels, string file, ValueList<float> expected, ValueList<float> actual, string path)
    {
        for (int c = 0; c < labels.Count; c++)
        {
            // A difference that is not a number is one too.
            if (Math.Abs(actual[c] - expected[c]) <= Tolerance) continue;
            string shown = DisplayText.Escape(file), label = DisplayText.Escape(labels[c]);
            throw new ConvTransferException(FailureCause.Output, string.Create(CultureInfo.InvariantCulture, $"the model gives picture '{shown}' the score {actual[c]} for class '{label}', the pipeline gives {expected[c]}; they may differ by {Tolerance}. Nothing is written"), path);
        }
    }
}
