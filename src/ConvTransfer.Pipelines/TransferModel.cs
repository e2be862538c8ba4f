using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>A trained classifier from one file: runs the file's own nodes, from the picture to the class's name. Safe for any number of threads.</summary>
/// <remarks>The scores' bits depend neither on the number of threads nor on what runs beside. After <see cref="Dispose"/> every call throws <see cref="ObjectDisposedException"/>; calls that are running end as they would have.</remarks>
public sealed partial class TransferModel : IDisposable
{
    private readonly SessionPool _sessions;
    private readonly Limits _limits;

    private TransferModel(OneFileDescription description, SessionPool sessions, Limits limits)
    {
        Labels = description.Labels;
        Recipe = description.Recipe;
        Figures = description.Figures;
        Cut = description.Cut;
        _sessions = sessions;
        _limits = limits;
    }

    /// <summary>The classes' names, in the order of the scores.</summary>
    public ValueList<string> Labels { get; }

    /// <summary>How the file makes pictures ready. The file does it itself; nothing is to be done before.</summary>
    public InputRecipe Recipe { get; }

    /// <summary>How good the model was on held-out images, as JSON; null when the file does not say.</summary>
    public string? Figures { get; }

    /// <summary>The value of the source network at which it was cut; null when the file does not say.</summary>
    public string? Cut { get; }

    /// <summary>Reads a file that <see cref="OneFileExport"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The file cannot be read or run, or is no one-file model; every reason is listed.</exception>
    public static TransferModel Load(string path, int threads = 0, Limits? limits = null) => Load(OnnxFile.Read(path, limits), threads, limits);

    /// <summary>Takes a model that <see cref="OneFileModel.Build"/> made.</summary>
    /// <inheritdoc cref="Load(string, int, Limits?)"/>
    /// <param name="model">The model.</param>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    public static TransferModel Load(Model model, int threads = 0, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        limits ??= Limits.Default;
        var description = OneFileDescription.Read(model);
        var planner = new Planner(model, [OneFileModel.Label, OneFileModel.Scores], limits);
        try
        {
            description.CheckTypes(planner, model.File);
            return new TransferModel(description, new SessionPool(planner, threads == 0 ? Environment.ProcessorCount : threads), limits);
        }
        catch
        {
            planner.Dispose();
            throw;
        }
    }

    /// <summary>Says what a picture shows.</summary>
    /// <exception cref="ConvTransferException">The picture cannot be read; the file is named.</exception>
    public Prediction Predict(string imagePath)
    {
        ArgumentException.ThrowIfNullOrEmpty(imagePath);
        return Predict(imagePath, sideBySide: false);
    }

    /// <summary>Says what a picture shows.</summary>
    /// <param name="rgb">The picture: uint8 [H, W, 3], red, green, blue, sRGB. Not changed.</param>
    /// <exception cref="ArgumentException">The tensor is not of that type and rank.</exception>
    public Prediction Predict(Tensor rgb)
    {
        ArgumentNullException.ThrowIfNull(rgb);
        return Predict(rgb, null, sideBySide: false);
    }

    /// <summary>Says what pictures show, one on each thread at a time.</summary>
    /// <param name="paths">The picture files.</param>
    /// <param name="progress">Told after every image; or null.</param>
    /// <param name="cancellationToken">Stops before the next image.</param>
    /// <returns>A prediction for each path, in their order.</returns>
    /// <exception cref="ConvTransferException">A picture cannot be read; the first such file is named.</exception>
    public IReadOnlyList<Prediction> PredictBatch(IReadOnlyList<string> paths, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        foreach (string path in paths) ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
        var predictions = new Prediction[paths.Count];
        bool sideBySide = paths.Count > 1;
        ImageLoop.Run(paths.Count, _sessions.Threads, "predict", (_, i) => predictions[i] = Predict(paths[i], sideBySide), progress, cancellationToken);
        return predictions;
    }

    /// <summary>Frees memory and threads, once no call is running. A second call does nothing.</summary>
    public void Dispose() => _sessions.Dispose();

    private Prediction Predict(string path, bool sideBySide)
    {
        // A disposed model says so before it looks for the file.
        _sessions.ThrowIfDisposed();
        using var rgb = ImageReader.Read(path, _limits);
        return Predict(rgb, path, sideBySide);
    }

    private Prediction Predict(Tensor rgb, string? file, bool sideBySide)
    {
        if (rgb.ElementType != ElementType.UInt8 || rgb.Shape.Rank != 3 || rgb.Shape[2] != 3 || rgb.ElementCount == 0) throw new ArgumentException($"the picture is {rgb}, expected uint8 HxWx3", nameof(rgb));
        using var image = rgb.WithShape(new Shape(1, rgb.Shape[0], rgb.Shape[1], 3));
        Tensor[] outputs;
        var session = _sessions.Rent(sideBySide);
        try
        {
            outputs = session.Run(image);
        }
        catch (ConvTransferException e) when (file is not null)
        {
            throw e.WithFile(file);
        }
        finally
        {
            _sessions.Return(session);
        }
        using Tensor label = outputs[0], scores = outputs[1];
        var values = ValueList.Create<float>(scores.AsSpan<float>());
        bool isFinite = values.All(float.IsFinite);
        return new Prediction(file, isFinite ? label.AsStrings()[0] : null, values, Labels);
    }
}
